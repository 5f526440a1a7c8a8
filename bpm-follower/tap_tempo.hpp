// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"

#include <array>
#include <cstddef>
#include <optional>

namespace crowdjack {

/// The tempo of a tapping finger: the mean over the last eight taps; a pause of 2.5 s begins anew.
class TapTempo {
public:
    static constexpr std::size_t fewest = 3;

    /// @param now  s @returns the tempo, from the third tap on, when it lies within 30…300 BPM
    std::optional<Bpm> tap(double now) noexcept {
        constexpr double pause_s = 2.5;
        if (count_ > 0 && now - taps_[(count_ - 1) % taps_.size()] > pause_s) {
            count_ = 0;
        }
        taps_[count_ % taps_.size()] = now;
        ++count_;
        const std::size_t used = count_ < taps_.size() ? count_ : taps_.size();
        const double span = now - taps_[(count_ - used) % taps_.size()];
        const double bpm = span > 0.0 ? 60.0 * static_cast<double>(used - 1) / span : 0.0;
        return count_ >= fewest && bpm >= 30.0 && bpm <= 300.0 ? std::optional{Bpm{bpm}} : std::nullopt;
    }

private:
    std::array<double, 8> taps_{};
    std::size_t count_{};
};

}  // namespace crowdjack
