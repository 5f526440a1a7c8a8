// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/features.hpp"
#include "struct-export/analysis/groove.hpp"
#include "struct-export/analysis/onsets.hpp"

#include <optional>
#include <vector>

namespace crowdjack {

/// What is known of a track's tempo beforehand.
struct BeatHints {
    double lowest_bpm{70.0}, highest_bpm{180.0};
    double tag_bpm{};  ///< 0: none; settles between octaves
};

/// A tempo and metre, and how much speaks for them.
struct TempoChoice {
    double period_s{};  ///< of a beat
    int beats{4};       ///< of a bar, as far as the drums tell
    GrooveMatch groove;
    double score{-1e9};
    bool loop{false};  ///< the whole file is bars of this tempo
};

/// The best of some beat lengths: by how the drums fall into its bars, by how usual its tempo is, by the tag, by
/// whether the file is a loop of it. Tempo 0 when `periods` is empty.
[[nodiscard]] TempoChoice choose_beat(const TrackFeatures& features, const OnsetCurves& curves,
                                      const std::vector<double>& periods, const BeatHints& hints);

/// A short file that sounds from its first moment to its last may be a loop: then its length is a whole number of
/// bars of `beats`. @returns the beat length nearest to `period_s` that makes it so
[[nodiscard]] std::optional<double> as_loop(const TrackFeatures& features, double period_s, int beats);

/// The beat lengths of which a loop holds 4, 8, 16… ; none when the file is no loop.
[[nodiscard]] std::vector<double> loop_periods(const TrackFeatures& features, double lowest_bpm, double highest_bpm);

/// Something sounds from the first moment on: the file was cut there, mostly on a first beat.
[[nodiscard]] bool begins_at_once(const TrackFeatures& features);

}  // namespace crowdjack
