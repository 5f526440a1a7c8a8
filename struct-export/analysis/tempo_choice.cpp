// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/tempo_choice.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

constexpr double usual_bpm = 125.0, usual_octaves = 0.5;  ///< where dance music lies, and how far from it
constexpr double slow_bpm = 80.0, slow_costs = 0.3;
constexpr double tag_counts = 3.0;
constexpr double waltz_costs = 0.2;
constexpr double longest_loop_s = 40.0;

double usualness(double bpm) {
    const double octaves = std::log2(bpm / usual_bpm) / usual_octaves;
    return -0.5 * octaves * octaves - (bpm < slow_bpm ? slow_costs : 0.0);
}

double tag_bonus(double bpm, double tag_bpm) {
    return tag_bpm > 0.0 && std::abs(bpm / tag_bpm - 1.0) < 0.02 ? tag_counts : 0.0;
}

/// When the first thing is heard, and whether the last moments still sound.
struct Ends {
    double first_sound_s{};
    bool to_the_end{false};
};
Ends ends_of(const TrackFeatures& features) {
    Ends ends;
    float full = 0.0F;
    for (const std::vector<float>& envelope : features.envelope) {
        full = envelope.empty() ? full : std::max(full, *std::max_element(envelope.begin(), envelope.end()));
    }
    const std::size_t count = features.envelope[0].size();
    const auto sounds = [&](std::size_t i, float part) {
        return std::any_of(features.envelope.begin(), features.envelope.end(),
                           [&](const std::vector<float>& envelope) { return envelope[i] > part * full; });
    };
    std::size_t first = 0;
    while (first < count && !sounds(first, 0.05F)) {
        ++first;
    }
    ends.first_sound_s = static_cast<double>(first) / features.envelope_rate;
    const auto tail = static_cast<std::size_t>(0.3 * features.envelope_rate);
    for (std::size_t i = count - std::min(count, tail); i < count; ++i) {
        ends.to_the_end = ends.to_the_end || sounds(i, 0.01F);
    }
    return ends;
}

}  // namespace

std::optional<double> as_loop(const TrackFeatures& features, double period_s) {
    if (features.length_s > longest_loop_s || features.length_s < 1.0) {
        return std::nullopt;
    }
    const double bars = std::max(std::round(features.length_s / period_s / 4.0), 1.0);
    const double exact = features.length_s / bars / 4.0;
    const double tolerance = bars <= 2.0 ? 0.02 : 0.005;
    return std::abs(exact / period_s - 1.0) <= tolerance ? std::optional{exact} : std::nullopt;
}

TempoChoice choose_beat(const TrackFeatures& features, const OnsetCurves& curves, const std::vector<double>& periods,
                        const BeatHints& hints) {
    const Ends ends = ends_of(features);
    const bool loop_like = ends.first_sound_s < 0.03 && ends.to_the_end;
    TempoChoice best;
    std::vector<FoldedBar> bars;
    std::array<double, band_count> full{};
    for (const double period : periods) {
        for (const int beats : {4, 3}) {
            bars.push_back(fold(curves, period, beats));
            const auto strength = hit_strength(bars.back());
            for (std::size_t band = 0; band < band_count; ++band) {
                full[band] = std::max(full[band], strength[band]);
            }
        }
    }
    for (const FoldedBar& bar : bars) {
        {
            const double period = bar.period_s;
            const int beats = bar.beats;
            TempoChoice each;
            each.period_s = period;
            each.beats = beats;
            const auto loop = loop_like && beats == 4 ? as_loop(features, period) : std::nullopt;
            each.loop = loop.has_value();
            each.groove = match_groove(bar, full, {ends.first_sound_s, loop ? 1.0 : 0.4, loop ? 0.8 : 0.3});
            each.score = each.groove.score + usualness(60.0 / period) + tag_bonus(60.0 / period, hints.tag_bpm) -
                         (beats == 3 ? waltz_costs : 0.0);
            if (each.score > best.score) {
                best = each;
            }
        }
    }
    return best;
}

}  // namespace crowdjack
