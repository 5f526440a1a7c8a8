// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/features.hpp"
#include "struct-export/analysis/onsets.hpp"

#include <vector>

namespace crowdjack {

/// What a track sounds like from one beat to the next.
struct BeatSounds {
    std::vector<std::array<float, 12>> chroma, bass;        ///< in parts of the track's usual full chord
    std::vector<std::array<float, band_count>> level_db;    ///< of each band
    std::vector<std::array<float, band_count * 4>> rhythm;  ///< onset strength by band and sixteenth
};
[[nodiscard]] BeatSounds sounds_by_beat(const TrackFeatures& features, const OnsetCurves& curves,
                                        const std::vector<double>& beats);

/// How many beats a bar has: 3 where the track is clearly more like itself after three beats and six than after four
/// and eight, each compared with the beats around.
[[nodiscard]] int find_metre(const BeatSounds& sounds);

/// The drums come again exactly, bar after bar: one loop, or a few bars of a machine, all through.
[[nodiscard]] bool is_repeated_loop(const BeatSounds& sounds, int beats_per_bar);

/// Where bars begin.
struct BarPhase {
    int offset{};         ///< the first beat that begins a bar
    double confidence{};  ///< 0…1
};
/// @param drums  what the drums say for each beat of the first bar, more is better; as match_groove gives it, turned to
/// begin with the first of the beats
/// @param start_says  what it is worth when the first beat that sounds begins a bar: a loop surely does
[[nodiscard]] BarPhase find_bars(const BeatSounds& sounds, int beats_per_bar, const std::vector<double>& drums,
                                 double start_says);

}  // namespace crowdjack
