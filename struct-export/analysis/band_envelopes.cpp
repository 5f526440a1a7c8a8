// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/band_envelopes.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace crowdjack {

namespace {

constexpr double steps_a_second = 1000.0;
constexpr double kick_top = 160.0, kick_bottom = 28.0;
constexpr double snare_bottom = 300.0, snare_top = 4000.0;
constexpr double hat_bottom = 7000.0;
constexpr double butterworth = 0.70710678, fourth_order_a = 0.54119610, fourth_order_b = 1.30656296;
/// Longer than half a wave of the band's lowest sound, so that a steady tone shows no onsets.
constexpr std::array<double, band_count> release_s{0.060, 0.020, 0.010};
constexpr float denormal_guard = 1e-15F;

}  // namespace

BandEnvelopes::Section BandEnvelopes::low_pass(double rate, double hertz, double q) {
    const double w = 2.0 * std::numbers::pi * std::min(hertz, 0.45 * rate) / rate;
    const double alpha = std::sin(w) / (2.0 * q);
    const double a0 = 1.0 + alpha;
    const double b = (1.0 - std::cos(w)) / 2.0 / a0;
    return {static_cast<float>(b), static_cast<float>(2.0 * b), static_cast<float>(b),
            static_cast<float>(-2.0 * std::cos(w) / a0), static_cast<float>((1.0 - alpha) / a0)};
}

BandEnvelopes::Section BandEnvelopes::high_pass(double rate, double hertz, double q) {
    const double w = 2.0 * std::numbers::pi * std::min(hertz, 0.35 * rate) / rate;
    const double alpha = std::sin(w) / (2.0 * q);
    const double a0 = 1.0 + alpha;
    const double b = (1.0 + std::cos(w)) / 2.0 / a0;
    return {static_cast<float>(b), static_cast<float>(-2.0 * b), static_cast<float>(b),
            static_cast<float>(-2.0 * std::cos(w) / a0), static_cast<float>((1.0 - alpha) / a0)};
}

BandEnvelopes::BandEnvelopes(double rate)
    : rate_{rate}, hop_{std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(rate / steps_a_second)))} {
    filters_[0] = {high_pass(rate, kick_bottom, butterworth), low_pass(rate, kick_top, fourth_order_a),
                   low_pass(rate, kick_top, fourth_order_b)};
    filters_[1] = {high_pass(rate, snare_bottom, fourth_order_a), high_pass(rate, snare_bottom, fourth_order_b),
                   low_pass(rate, snare_top, butterworth)};
    filters_[2] = {high_pass(rate, hat_bottom, fourth_order_a), high_pass(rate, hat_bottom, fourth_order_b),
                   low_pass(rate, 0.45 * rate, butterworth)};
    for (std::size_t band = 0; band < band_count; ++band) {
        release_[band] = static_cast<float>(std::exp(-1.0 / (release_s[band] * rate)));
    }
}

void BandEnvelopes::add(std::span<const float> mono) {
    for (const float sample : mono) {
        for (std::size_t band = 0; band < band_count; ++band) {
            float x = sample + denormal_guard;
            for (Section& section : filters_[band]) {
                x = section.run(x);
            }
            held_[band] = std::max(std::abs(x), held_[band] * release_[band]);
        }
        if (++in_hop_ == hop_) {
            in_hop_ = 0;
            for (std::size_t band = 0; band < band_count; ++band) {
                kept_[band].push_back(held_[band]);
            }
        }
    }
}

}  // namespace crowdjack
