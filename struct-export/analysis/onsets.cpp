// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/onsets.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace crowdjack {

namespace {

/// Steps over which a band's rise is measured, about milliseconds.
constexpr std::array<std::size_t, band_count> rise_steps{12, 6, 4};
/// How long after a hit begins its rise is steepest, by the bands' filters and rises: measured on bare drum sounds.
constexpr std::array<double, band_count> delay_s{0.0034, 0.001, 0.001};
constexpr double loudest_part = 0.995;  ///< the quantile that counts as a band's full level
constexpr float floor_level = 0.003F;   ///< -50 dB of full scale: a band below it all through is silent
constexpr double apart_s = 0.05;

/// The value that a part `q` of all lie below, exactly, without sorting a copy. Numbers that are not negative are in
/// the order of their bits: first the upper half of the bits is found by counting, then the lower.
/// @param values  finite, not negative
float quantile_of(const LongCurve<float>& values, double q) {
    constexpr unsigned half = 16;
    constexpr std::uint32_t lower = 0xFFFFU;
    auto before = static_cast<std::size_t>(q * static_cast<double>(values.size() - 1));
    std::uint32_t upper = 0;
    std::vector<std::uint32_t> counts(lower + 1, 0);
    for (std::size_t i = 0; i < values.size(); ++i) {
        ++counts[std::bit_cast<std::uint32_t>(values[i]) >> half];
    }
    for (; before >= counts[upper]; ++upper) {
        before -= counts[upper];
    }
    std::fill(counts.begin(), counts.end(), 0);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto bits = std::bit_cast<std::uint32_t>(values[i]);
        counts[bits & lower] += bits >> half == upper ? 1U : 0U;
    }
    std::uint32_t rest = 0;
    for (; before >= counts[rest]; ++rest) {
        before -= counts[rest];
    }
    return std::bit_cast<float>(upper << half | rest);
}

/// The rise of the level (a root of the amplitude: quiet hits count, noise doesn't) over a few milliseconds.
LongCurve<float> rises(const LongCurve<float>& envelope, std::size_t steps) {
    const std::size_t count = envelope.size();
    const bool enough = count >= 100;
    const float full = enough ? std::max(quantile_of(envelope, loudest_part), floor_level) : 1.0F;
    const auto level = [&](std::size_t i) { return std::sqrt(std::min(envelope[i] / full, 1.5F)); };
    LongCurve<float> result;
    for (std::size_t i = 0; i < count; ++i) {
        const float before = i >= steps / 2 ? level(i - steps / 2) : 0.0F;
        const float after = level(std::min(i + steps - steps / 2, count - 1));
        result.push_back(enough ? std::max(after - before - 0.06F, 0.0F) : 0.0F);
    }
    return result;
}

}  // namespace

OnsetCurves onset_curves(const TrackFeatures& features) {
    OnsetCurves curves;
    curves.rate = features.envelope_rate;
    for (std::size_t band = 0; band < band_count; ++band) {
        curves.strength[band] = rises(features.envelope[band], rise_steps[band]);
        features.envelope[band].give_back();
    }
    return curves;
}

std::vector<Onset> find_onsets(const OnsetCurves& curves, double least) {
    std::vector<Onset> found;
    const auto reach = static_cast<std::size_t>(apart_s * curves.rate);
    for (const Band band : all_bands) {
        const LongCurve<float>& curve = curves.of(band);
        for (std::size_t i = 1; i + 1 < curve.size(); ++i) {
            const float here = curve[i];
            if (static_cast<double>(here) < least || here < curve[i - 1] || here <= curve[i + 1]) {
                continue;
            }
            bool greatest = true;
            for (std::size_t k = i - std::min(i, reach); k < std::min(i + reach, curve.size()); ++k) {
                greatest = greatest && curve[k] <= here;
            }
            if (!greatest) {
                continue;
            }
            // The middle of the top: the rise over a window is flat while the window holds the whole rise.
            const float top = 0.9F * here;
            std::size_t from = i;
            std::size_t to = i;
            while (from > 0 && curve[from - 1] >= top) {
                --from;
            }
            while (to + 1 < curve.size() && curve[to + 1] >= top) {
                ++to;
            }
            const double at = static_cast<double>(from + to) / 2.0 / curves.rate;
            found.push_back({at - delay_s[static_cast<std::size_t>(band)], static_cast<double>(here), band});
            i = to;
        }
    }
    std::stable_sort(found.begin(), found.end(), [](const Onset& a, const Onset& b) { return a.at_s < b.at_s; });
    return found;
}

}  // namespace crowdjack
