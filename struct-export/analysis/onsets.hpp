// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/features.hpp"

#include <array>
#include <vector>

namespace crowdjack {

/// How strongly each band begins to sound at each step of the envelopes: 0 where it doesn't, about 1 for the track's
/// usual loudest hits. A value stands at the step at which the hit begins.
struct OnsetCurves {
    double rate{};  ///< Hz, that of the envelopes
    std::array<LongCurve<float>, band_count> strength;

    [[nodiscard]] const LongCurve<float>& of(Band band) const noexcept {
        return strength[static_cast<std::size_t>(band)];
    }
    /// While something else needs the memory.
    void give_back() const {
        for (const LongCurve<float>& each : strength) {
            each.give_back();
        }
    }
    [[nodiscard]] double seconds() const noexcept { return static_cast<double>(strength[0].size()) / rate; }
};

[[nodiscard]] OnsetCurves onset_curves(const TrackFeatures& features);

/// One hit.
struct Onset {
    double at_s{};
    double strength{};
    Band band{};
};

/// The clear hits of all bands, by time: peaks of the curves of at least `least` strength, 50 ms apart in a band.
[[nodiscard]] std::vector<Onset> find_onsets(const OnsetCurves& curves, double least = 0.25);

}  // namespace crowdjack
