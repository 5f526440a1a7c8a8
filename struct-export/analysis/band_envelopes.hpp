// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/features.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace crowdjack {

/// Splits a signal into three bands and keeps the peak amplitude of each about a thousand times a second.
class BandEnvelopes {
public:
    /// @param rate  Hz
    explicit BandEnvelopes(double rate);

    void add(std::span<const float> mono);
    /// How often a value is kept, Hz.
    [[nodiscard]] double step_rate() const noexcept { return rate_ / static_cast<double>(hop_); }
    [[nodiscard]] std::array<LongCurve<float>, band_count> take() noexcept { return std::move(kept_); }
    [[nodiscard]] std::size_t size() const noexcept { return kept_[0].size(); }

private:
    /// A second-order section, transposed direct form II.
    struct Section {
        float b0{}, b1{}, b2{}, a1{}, a2{};
        float s1{}, s2{};
        float run(float x) noexcept {
            const float y = b0 * x + s1;
            s1 = b1 * x - a1 * y + s2;
            s2 = b2 * x - a2 * y;
            return y;
        }
    };
    /// Filter cookbook (R. Bristow-Johnson), Q in `q`.
    static Section low_pass(double rate, double hertz, double q);
    static Section high_pass(double rate, double hertz, double q);

    double rate_;
    std::size_t hop_;
    std::array<std::array<Section, 3>, band_count> filters_{};
    std::array<float, band_count> held_{}, release_{}, peak_{};
    std::size_t in_hop_{0};
    std::array<LongCurve<float>, band_count> kept_;
};

}  // namespace crowdjack
