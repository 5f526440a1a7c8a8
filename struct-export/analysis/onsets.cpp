// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/onsets.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

/// Steps over which a band's rise is measured, about milliseconds.
constexpr std::array<std::size_t, band_count> rise_steps{12, 6, 4};
/// How long after a hit begins its rise is steepest, by the bands' filters and rises: measured on bare drum sounds.
constexpr std::array<double, band_count> delay_s{0.0034, 0.001, 0.001};
constexpr double loudest_part = 0.995;  ///< the quantile that counts as a band's full level
constexpr float floor_level = 0.003F;   ///< -50 dB of full scale: a band below it all through is silent
constexpr double apart_s = 0.05;

float quantile_of(std::vector<float> values, double q) {
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), place, values.end());
    return *place;
}

/// The rise of the level (a root of the amplitude: quiet hits count, noise doesn't) over a few milliseconds.
std::vector<float> rises(const std::vector<float>& envelope, std::size_t steps) {
    std::vector<float> result(envelope.size(), 0.0F);
    if (envelope.size() < 100) {
        return result;
    }
    const float full = std::max(quantile_of(envelope, loudest_part), floor_level);
    std::vector<float> level(envelope.size());
    for (std::size_t i = 0; i < level.size(); ++i) {
        level[i] = std::sqrt(std::min(envelope[i] / full, 1.5F));
    }
    for (std::size_t i = 0; i < level.size(); ++i) {
        const float before = i >= steps / 2 ? level[i - steps / 2] : 0.0F;
        const float after = level[std::min(i + steps - steps / 2, level.size() - 1)];
        result[i] = std::max(after - before - 0.06F, 0.0F);
    }
    return result;
}

}  // namespace

OnsetCurves onset_curves(const TrackFeatures& features) {
    OnsetCurves curves;
    curves.rate = features.envelope_rate;
    for (std::size_t band = 0; band < band_count; ++band) {
        curves.strength[band] = rises(features.envelope[band], rise_steps[band]);
    }
    return curves;
}

std::vector<Onset> find_onsets(const OnsetCurves& curves, double least) {
    std::vector<Onset> found;
    const auto reach = static_cast<std::size_t>(apart_s * curves.rate);
    for (const Band band : all_bands) {
        const std::vector<float>& curve = curves.of(band);
        for (std::size_t i = 1; i + 1 < curve.size(); ++i) {
            const float here = curve[i];
            if (static_cast<double>(here) < least || here < curve[i - 1] || here <= curve[i + 1]) {
                continue;
            }
            const auto begin = curve.begin() + static_cast<std::ptrdiff_t>(i - std::min(i, reach));
            const auto end = curve.begin() + static_cast<std::ptrdiff_t>(std::min(i + reach, curve.size()));
            if (*std::max_element(begin, end) > here) {
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
