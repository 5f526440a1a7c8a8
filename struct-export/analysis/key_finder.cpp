// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/key_finder.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace crowdjack {

namespace {

using Twelve = std::array<double, 12>;

/// C. Krumhansl and E. Kessler, Tracing the dynamic changes in perceived tonal organization (1982).
constexpr Twelve major_profile{6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88};
constexpr Twelve minor_profile{6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17};
constexpr double bass_counts = 1.0, library_counts = 0.5;
constexpr double least_tones = 0.02;  ///< of all frames: fewer hold a tone at all in drums alone

double correlation(const Twelve& a, const Twelve& b, std::size_t turn) {
    const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / 12.0;
    const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / 12.0;
    double ab = 0.0;
    double aa = 0.0;
    double bb = 0.0;
    for (std::size_t i = 0; i < 12; ++i) {
        const double x = a[(i + turn) % 12] - mean_a;
        const double y = b[i] - mean_b;
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return aa > 0.0 && bb > 0.0 ? ab / std::sqrt(aa * bb) : 0.0;
}

}  // namespace

FoundKey find_key(const TrackFeatures& features) {
    Twelve tones{};
    Twelve bass{};
    std::size_t sounding = 0;
    for (std::size_t i = 0; i < features.frames.size(); ++i) {
        const SpectrumFrame& frame = features.frames[i];
        float most = 0.0F;
        for (std::size_t pitch = 0; pitch < 12; ++pitch) {
            tones[pitch] += static_cast<double>(frame.chroma[pitch]);
            bass[pitch] += static_cast<double>(frame.bass[pitch]);
            most = std::max(most, frame.chroma[pitch]);
        }
        sounding += most > 0.05F ? 1U : 0U;
    }
    const double all = std::accumulate(tones.begin(), tones.end(), 0.0);
    if (features.frames.empty() || all <= 0.0 ||
        static_cast<double>(sounding) < least_tones * static_cast<double>(features.frames.size())) {
        return {};
    }
    std::array<double, 24> score{};
    double library_most = 0.0;
    for (const double strength : features.key_strengths) {
        library_most = std::max(library_most, strength);
    }
    for (std::size_t key = 0; key < 24; ++key) {
        const Twelve& profile = key < 12 ? major_profile : minor_profile;
        score[key] = correlation(tones, profile, key % 12) + bass_counts * correlation(bass, profile, key % 12);
        if (library_most > 0.0) {
            score[key] += library_counts * features.key_strengths[key] / library_most;
        }
    }
    const auto best = static_cast<std::size_t>(std::max_element(score.begin(), score.end()) - score.begin());
    double second = -10.0;
    for (std::size_t key = 0; key < 24; ++key) {
        second = key == best ? second : std::max(second, score[key]);
    }
    static constexpr std::array names{"C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"};
    return {std::string{names[best % 12]} + (best >= 12 ? "m" : ""),
            std::clamp((score[best] - second) / 0.4, 0.0, 1.0)};
}

}  // namespace crowdjack
