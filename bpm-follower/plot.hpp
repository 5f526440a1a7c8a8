// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/rehearsal.hpp"

#include <string>

namespace crowdjack {

/// Draws a rehearsal as an SVG: the reports and their median below, target and tempo above, over time.
/// @param title  e.g. the trace's file name; @param subtitle  e.g. its unit
[[nodiscard]] std::string plot_svg(const Rehearsal& rehearsal, const std::string& title, const std::string& subtitle);

}  // namespace crowdjack
