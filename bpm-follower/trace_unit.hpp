// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/movement.hpp"
#include "bpm-follower/trace_columns.hpp"

#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// What a trace counts in, and how that is known ("declared", "named by its column, …").
struct SettledUnit {
    MovementUnit unit;
    std::string reason;
};

/// @param totals  the total movement of every report, as the file has it; not empty
/// @param declared  settles it; else the column's name does, else the largest value: up to 1 is fraction, up to 100
/// percent,
///   beyond that raw, where full movement is the 98th percentile (the last two in a hundred are taken for outliers)
[[nodiscard]] SettledUnit settle_unit(std::vector<double> totals, UnitHint hint,
                                      const std::optional<MovementUnit>& declared);

}  // namespace crowdjack
