// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/onsets.hpp"

#include <array>
#include <vector>

namespace crowdjack {

/// A bar's onsets, all bars laid over each other.
struct FoldedBar {
    int beats{4};
    double period_s{};  ///< of a beat
    /// Mean strength by place in the bar, `beats` · bins_a_beat values a band.
    std::array<std::vector<double>, band_count> strength;

    static constexpr std::size_t bins_a_beat = 48;
    [[nodiscard]] std::size_t bins() const noexcept { return static_cast<std::size_t>(beats) * bins_a_beat; }
};

/// Folds from time 0 on.
[[nodiscard]] FoldedBar fold(const OnsetCurves& curves, double period_s, int beats);

/// How well a folded bar looks like music people play, when beat one lies at its best place.
struct GrooveMatch {
    double score{};         ///< higher is better; comparable between periods and metres
    double first_beat_s{};  ///< of a bar, 0 ≤ first_beat_s < bar
    /// The score with beat one at the n-th beat instead: what the drums say of where bars begin.
    std::vector<double> by_beat;
};
/// @param full  what counts as a hit in every bar, by band: the greatest hit_strength() of the folds to be compared
/// @param first  when the track begins to sound and what it is worth when that is on a beat or on the first of a bar
struct FirstSound {
    double at_s{};
    double on_beat{}, on_bar{};
};
[[nodiscard]] GrooveMatch match_groove(const FoldedBar& bar, const std::array<double, band_count>& full,
                                       const FirstSound& first);

/// The strongest place of the bar, by band. A fold of the wrong length smears its hits and has none.
[[nodiscard]] std::array<double, band_count> hit_strength(const FoldedBar& bar);

}  // namespace crowdjack
