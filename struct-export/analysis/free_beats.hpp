// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/features.hpp"

#include <vector>

namespace crowdjack {

/// Beats of a tempo that may move, as libqm-dsp's TempoTrackV2 follows them through the detection function.
struct FreeBeats {
    std::vector<double> beats;  ///< seconds
    double period_s{};          ///< the usual distance of two; 0: fewer than four beats
    double evenness{};          ///< part of the distances within a tenth of the usual one, 0…1
};

/// @param near_bpm  what tempo is likely
[[nodiscard]] FreeBeats free_beats(const TrackFeatures& features, double near_bpm);

}  // namespace crowdjack
