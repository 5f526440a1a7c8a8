// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/trace_columns.hpp"

#include <string>
#include <vector>

namespace crowdjack {

/// Finds the accelerometer among the named columns and marks its axes (and gravity's) in `layout`: `x y z`, `ax ay az`,
/// `accX…`, `X_value…`, `acceleration x (m/s^2)`, `userAcceleration.x`, `gravity.x`, `gFx`. Gyroscopes, magnetometers
/// and orientations are left alone.
/// @param names  as the header has them, one for each of layout.columns
void mark_axes(const std::vector<std::string>& names, TraceLayout& layout);

/// A name in lower case, cut into words at everything else than letters and digits, and where capitals begin a word.
[[nodiscard]] std::vector<std::string> words_of(const std::string& name);

}  // namespace crowdjack
