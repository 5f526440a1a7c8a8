// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/features.hpp"
#include "struct-export/analysis/onsets.hpp"

#include <string>
#include <vector>

namespace crowdjack {

/// What is known beforehand.
struct BeatHints {
    double lowest_bpm{70.0}, highest_bpm{180.0};
    double tag_bpm{};  ///< 0: none; settles between octaves
};

/// A track's beats.
struct BeatTrack {
    double bpm{};           ///< 0: there is no beat to speak of
    bool constant{false};   ///< one tempo all through; else `beats` is what counts
    double first_beat_s{};  ///< constant: a downbeat, before the second bar of the file
    int beats_per_bar{4};
    std::vector<double> beats;           ///< all through the file, seconds
    std::vector<std::size_t> downbeats;  ///< indices of `beats`
    double confidence{};                 ///< of tempo and phase, 0…1
    double bar_confidence{};             ///< of where bars begin, 0…1
    std::string why;                     ///< there is no beat, or it is not constant
};

[[nodiscard]] BeatTrack track_beats(const TrackFeatures& features, const BeatHints& hints);

}  // namespace crowdjack
