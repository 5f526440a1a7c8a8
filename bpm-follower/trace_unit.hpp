// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/movement.hpp"
#include "bpm-follower/trace_columns.hpp"

#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// What a trace counts in, and how that is known ("declared", "named by its column", …).
struct SettledUnit {
    MovementUnit unit;
    std::string reason;
};

/// @param totals  the total movement of every report, as the file has it; not empty
/// @param keypoints  they are distances of keypoints, in pixels
/// @param declared  settles it; else the column's name does, else the values: they are fractions unless ten of twenty
/// in
///   a row lie above 2 (of fewer than twenty: half of them), as from a detector. Others are percent while their 98th
///   percentile is at most 100, beyond that raw, where that percentile is full movement (the last two in a hundred are
///   taken for outliers)
/// @throws Failure when many values lie between 1 and 2, so that they are neither. @param name  how it calls the file
[[nodiscard]] SettledUnit settle_unit(const std::vector<double>& totals, UnitHint hint, bool keypoints,
                                      const std::optional<MovementUnit>& declared, const std::string& name);

}  // namespace crowdjack
