// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace crowdjack {

/// The straight line through a list of beats: beat n lies at first_s + n · period_s.
struct BeatLine {
    double first_s{};     ///< where the line puts the first of the beats, seconds
    double period_s{};    ///< > 0
    double steady{};      ///< part of the beats within 30 ms of the line, 0…1
    std::size_t beats{};  ///< how many were looked at

    [[nodiscard]] double bpm() const noexcept { return 60.0 / period_s; }
    /// A line to believe: at least 32 beats, nine tenths of them on it.
    [[nodiscard]] bool firm() const noexcept { return beats >= 32 && steady >= 0.9; }
};

/// By iteratively reweighted least squares with Tukey's biweight, so that missed, doubled and stray beats don't pull;
/// nothing for fewer than 4 beats, nor for a line outside 1 to 1000 BPM.
/// @param beats  seconds, in any order
[[nodiscard]] std::optional<BeatLine> fit_beat_line(std::vector<double> beats);

}  // namespace crowdjack
