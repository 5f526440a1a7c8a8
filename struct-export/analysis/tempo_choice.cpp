// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/tempo_choice.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

constexpr double usual_bpm = 125.0, usual_octaves = 0.5;              ///< where dance music lies, and how far from it
constexpr double slow_bpm = 84.0, slow_costs = 1.2, slow_from = 8.0;  ///< and below it
constexpr double tag_counts = 3.0;
constexpr double waltz_costs = 0.2;
constexpr double longest_loop_s = 40.0;
constexpr double longest_rest_s = 0.7;  ///< of a loop, before its first hit and after its last
constexpr double loop_slack_s = 0.025;  ///< by which a loop's length and its beats may disagree
constexpr double even_slack = 0.012;    ///< relative: of 4, 8, 16… beats, as most loops are; of one or two bars:
constexpr double short_slack = 0.02;
constexpr double even_loop = 0.6, odd_loop = 0.4;  ///< what it is worth to be one

double usualness(double bpm) {
    const double octaves = std::log2(bpm / usual_bpm) / usual_octaves;
    return -0.5 * octaves * octaves - slow_costs * std::clamp((slow_bpm - bpm) / slow_from, 0.0, 1.0);
}

double tag_bonus(double bpm, double tag_bpm) {
    return tag_bpm > 0.0 && std::abs(bpm / tag_bpm - 1.0) < 0.02 ? tag_counts : 0.0;
}

/// When the first thing is heard, and whether the whole file sounds, as a loop does: but for a rest at either end.
struct Ends {
    double first_sound_s{};
    bool to_the_end{false};
    [[nodiscard]] bool at_once() const { return first_sound_s < 0.03; }
    [[nodiscard]] bool loop_like() const { return first_sound_s < longest_rest_s && to_the_end; }
};
Ends ends_of(const TrackFeatures& features) {
    Ends ends;
    float full = 0.0F;
    for (const LongCurve<float>& envelope : features.envelope) {
        for (std::size_t i = 0; i < envelope.size(); ++i) {
            full = std::max(full, envelope[i]);
        }
    }
    const std::size_t count = features.envelope[0].size();
    const auto sounds = [&](std::size_t i, float part) {
        return std::any_of(features.envelope.begin(), features.envelope.end(),
                           [&](const LongCurve<float>& envelope) { return envelope[i] > part * full; });
    };
    std::size_t first = 0;
    while (first < count && !sounds(first, 0.05F)) {
        ++first;
    }
    ends.first_sound_s = static_cast<double>(first) / features.envelope_rate;
    const auto tail = static_cast<std::size_t>(longest_rest_s * features.envelope_rate);
    for (std::size_t i = count - std::min(count, tail); i < count; ++i) {
        ends.to_the_end = ends.to_the_end || sounds(i, 0.01F);
    }
    return ends;
}

}  // namespace

namespace {

bool is_even(double beats) { return std::abs(std::log2(beats) - std::round(std::log2(beats))) < 1e-6; }

double score_of(const TempoChoice& choice, const BeatHints& hints, const TrackFeatures& features) {
    const double bpm = 60.0 / choice.period_s;
    const double bars = std::round(features.length_s / choice.period_s / choice.beats);
    const double loop = !choice.loop ? 0.0 : is_even(bars) ? even_loop : odd_loop;
    return choice.groove.score + usualness(bpm) + tag_bonus(bpm, hints.tag_bpm) + loop -
           (choice.beats == 3 ? waltz_costs : 0.0);
}

}  // namespace

std::optional<double> as_loop(const TrackFeatures& features, double period_s, int beats) {
    if (features.length_s > longest_loop_s || features.length_s < 1.0 || !ends_of(features).loop_like()) {
        return std::nullopt;
    }
    const double bars = std::max(std::round(features.length_s / period_s / beats), 1.0);
    const double exact = features.length_s / bars / beats;
    const double slack = bars <= 2.0 ? short_slack : is_even(bars) ? even_slack : 0.0;
    const double tolerance = std::max(slack, loop_slack_s / features.length_s);
    return std::abs(exact / period_s - 1.0) <= tolerance ? std::optional{exact} : std::nullopt;
}

std::vector<double> loop_periods(const TrackFeatures& features, double lowest_bpm, double highest_bpm) {
    std::vector<double> periods;
    for (double beats = 4.0; beats <= 128.0; beats *= 2.0) {
        const double period = features.length_s / beats;
        if (60.0 / period >= lowest_bpm && 60.0 / period <= highest_bpm && as_loop(features, period, 4)) {
            periods.push_back(period);
        }
    }
    return periods;
}

TempoChoice choose_beat(const TrackFeatures& features, const OnsetCurves& curves, const std::vector<double>& periods,
                        const BeatHints& hints) {
    const Ends ends = ends_of(features);
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
        TempoChoice each;
        each.period_s = bar.period_s;
        each.beats = bar.beats;
        each.loop = as_loop(features, bar.period_s, bar.beats).has_value();
        const FirstSound first = each.loop        ? FirstSound{0.0, 1.1, 0.9}
                                 : ends.at_once() ? FirstSound{ends.first_sound_s, 1.1, 0.7}
                                                  : FirstSound{ends.first_sound_s, 0.5, 0.3};
        each.groove = match_groove(bar, full, first);
        each.score = score_of(each, hints, features);
        if (each.score > best.score) {
            best = each;
        }
    }
    return best;
}

bool begins_at_once(const TrackFeatures& features) { return ends_of(features).at_once(); }

}  // namespace crowdjack
