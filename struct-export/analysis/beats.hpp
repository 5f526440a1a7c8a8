// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/bars.hpp"
#include "struct-export/analysis/features.hpp"
#include "struct-export/analysis/onsets.hpp"
#include "struct-export/analysis/tempo_choice.hpp"

#include <string>
#include <vector>

namespace crowdjack {

/// A track's beats.
struct BeatTrack {
    double bpm{};           ///< 0: there is no beat to speak of
    bool constant{false};   ///< one tempo all through; else only `beats` count
    double first_beat_s{};  ///< constant: the first downbeat in the file
    int beats_per_bar{4};
    std::vector<double> beats;           ///< all through the file, seconds
    std::vector<std::size_t> downbeats;  ///< indices of `beats`
    double confidence{};                 ///< of tempo and phase, 0…1
    double bar_confidence{};             ///< of where bars begin, 0…1
    std::string why;                     ///< there is no beat, or no constant one
};

/// A constant grid where one fits the hits to a few milliseconds, as club music has it; else beat by beat; else none.
[[nodiscard]] BeatTrack track_beats(const TrackFeatures& features, const OnsetCurves& curves, const BeatHints& hints);

}  // namespace crowdjack
