// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/follower_options.hpp"

namespace crowdjack {

/// --plot: rehearses the trace without any server and draws it; --trace-out gets the decisions.
/// @throws Failure when the trace can't be read or the picture not written
void draw_replay(const FollowerOptions& options);

}  // namespace crowdjack
