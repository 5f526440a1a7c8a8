// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/onsets.hpp"

#include <vector>

namespace crowdjack {

/// A constant grid laid through a track's hits.
struct GridFit {
    double period_s{};      ///< of a beat
    double first_beat_s{};  ///< of a beat, near the one that was given
    double sigma_s{};       ///< standard error of the period
    double scatter_s{};     ///< robust deviation of hits from their usual places on the grid
    double on_grid{};       ///< part of the hits within 15 ms of their usual places, 0…1
    double steady{};        ///< part of the stretches of eight beats whose hits keep to the grid, 0…1
    std::size_t hits{};     ///< how many were looked at
};

/// By least squares of the hits' times against the sixteenths they fall on. Each sixteenth of the bar has a usual
/// deviation of its own (swing, late snares), so only a change of tempo bends the line. What lies far off is left out
/// (Tukey's biweight).
/// @param period_s, first_beat_s  good to a few parts in a thousand
[[nodiscard]] GridFit fit_grid(const std::vector<Onset>& onsets, double period_s, double first_beat_s);

/// The same with a period that is known.
[[nodiscard]] GridFit fit_phase(const std::vector<Onset>& onsets, double period_s, double first_beat_s);

}  // namespace crowdjack
