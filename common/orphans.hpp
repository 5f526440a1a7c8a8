// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace crowdjack {

/// When the client of that name is one whose session manager is gone: ends it, and waits until it is gone (at most some
/// seconds), so that the same client of a new manager can have its name and its ports.
/// @returns whether there was one
bool relieve_orphan(const std::string& server, const std::string& name);

}  // namespace crowdjack
