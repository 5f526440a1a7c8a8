// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/beats.hpp"

#include "struct-export/analysis/bars.hpp"
#include "struct-export/analysis/grid_fit.hpp"
#include "struct-export/analysis/groove.hpp"
#include "struct-export/analysis/pulse_search.hpp"

#include <dsp/tempotracking/TempoTrackV2.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace crowdjack {

namespace {

constexpr double usual_bpm = 125.0, usual_octaves = 0.5;  ///< where dance music lies, and how far from it
constexpr double tag_counts = 3.0;
constexpr double waltz_costs = 0.2;
constexpr double least_hits = 8;
constexpr double longest_loop_s = 40.0;

double usualness(double bpm) {
    const double octaves = std::log2(bpm / usual_bpm) / usual_octaves;
    return -0.5 * octaves * octaves - (bpm < 80.0 ? 0.3 : 0.0);
}

/// qm-dsp's own beats: where tempo moves they are all there is.
struct FreeBeats {
    std::vector<double> beats;  ///< seconds
    std::optional<double> period_s;
};

FreeBeats free_beats(const TrackFeatures& features, double near_bpm) {
    FreeBeats result;
    std::vector<double> curve = features.onsets;
    if (curve.size() < 200) {
        return result;
    }
    curve.erase(curve.begin(), curve.begin() + 2);  // the first values see the jump from nothing to sound
    TempoTrackV2 tracker{static_cast<float>(features.rate),
                         static_cast<std::size_t>(features.rate / features.onset_rate + 0.5)};
    std::vector<double> period(curve.size(), 0.0);
    std::vector<double> tempi;
    tracker.calculateBeatPeriod(curve, period, tempi, near_bpm, false);
    std::vector<double> beats;
    tracker.calculateBeats(curve, period, beats);
    for (const double beat : beats) {
        // A value belongs to the middle of its window of two steps.
        result.beats.push_back((beat + 2.0 + 0.5) / features.onset_rate);
    }
    if (result.beats.size() >= 4) {
        std::vector<double> gaps;
        for (std::size_t i = 1; i < result.beats.size(); ++i) {
            gaps.push_back(result.beats[i] - result.beats[i - 1]);
        }
        std::nth_element(gaps.begin(), gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2), gaps.end());
        result.period_s = gaps[gaps.size() / 2];
    }
    return result;
}

struct Hypothesis {
    double period_s{};
    int beats{4};
    GrooveMatch groove;
    double score{-1e9};
    bool loop{false};
};

double tag_bonus(double bpm, double tag_bpm) {
    return tag_bpm > 0.0 && std::abs(bpm / tag_bpm - 1.0) < 0.02 ? tag_counts : 0.0;
}

/// A short file that sounds from its first moment to its last may be a loop: then its length is a whole number of
/// bars. @returns the period nearest to `period_s` that makes it so
std::optional<double> as_loop(const TrackFeatures& features, double period_s) {
    if (features.length_s > longest_loop_s || features.length_s < 1.0) {
        return std::nullopt;
    }
    const double bars = std::max(std::round(features.length_s / period_s / 4.0), 1.0);
    const double exact = features.length_s / bars / 4.0;
    const double tolerance = bars <= 2.0 ? 0.02 : 0.005;
    return std::abs(exact / period_s - 1.0) <= tolerance ? std::optional{exact} : std::nullopt;
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

Hypothesis best_hypothesis(const OnsetCurves& curves, const std::vector<double>& periods, const BeatHints& hints,
                           const TrackFeatures& features) {
    const Ends ends = ends_of(features);
    const bool loop_like = ends.first_sound_s < 0.03 && ends.to_the_end;
    Hypothesis best;
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
            Hypothesis each;
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

}  // namespace

BeatTrack track_beats(const TrackFeatures& features, const BeatHints& hints) {
    BeatTrack track;
    const OnsetCurves curves = onset_curves(features);
    const std::vector<Onset> onsets = find_onsets(curves);
    if (static_cast<double>(onsets.size()) < least_hits) {
        track.why = "it has no beat";
        return track;
    }
    const FreeBeats free = free_beats(features, 120.0);
    const PulseSpectrum spectrum{curves};
    std::vector<double> extra;
    if (free.period_s) {
        extra.push_back(*free.period_s);
    }
    if (hints.tag_bpm > 0.0) {
        extra.push_back(60.0 / hints.tag_bpm);
    }
    const Hypothesis best = best_hypothesis(
        curves, candidate_periods(spectrum, hints.lowest_bpm, hints.highest_bpm, extra), hints, features);
    GridFit fit = fit_grid(onsets, best.period_s, best.groove.first_beat_s);
    if (best.loop) {
        const auto exact = as_loop(features, fit.period_s);
        if (exact && std::abs(*exact - fit.period_s) < 4.0 * fit.sigma_s) {
            fit = fit_phase(onsets, *exact, fit.first_beat_s);
        }
    }
    track.bpm = 60.0 / fit.period_s;
    track.constant = true;
    double first = fit.first_beat_s;
    first -= fit.period_s * std::floor(first / fit.period_s + 0.02);
    for (double at = first; at < features.length_s; at += fit.period_s) {
        track.beats.push_back(at);
    }
    const BeatSounds sounds = sounds_by_beat(features, curves, track.beats);
    track.beats_per_bar = find_metre(sounds);
    const FoldedBar bar = fold(curves, fit.period_s, track.beats_per_bar);
    const GrooveMatch again = match_groove(bar, hit_strength(bar), {});
    std::vector<double> drums(static_cast<std::size_t>(track.beats_per_bar));
    const auto turn = std::lround((again.first_beat_s - first) / fit.period_s);
    for (long k = 0; k < track.beats_per_bar; ++k) {
        const long n = track.beats_per_bar;
        drums[static_cast<std::size_t>((((k + turn) % n) + n) % n)] = again.by_beat[static_cast<std::size_t>(k)];
    }
    const BarPhase phase = find_bars(sounds, track.beats_per_bar, drums, best.loop ? 2.0 : 0.3);
    for (auto i = static_cast<std::size_t>(phase.offset); i < track.beats.size();
         i += static_cast<std::size_t>(track.beats_per_bar)) {
        track.downbeats.push_back(i);
    }
    track.first_beat_s = track.downbeats.empty() ? first : track.beats[track.downbeats.front()];
    track.confidence = fit.on_grid * fit.steady;
    track.bar_confidence = phase.confidence;
    return track;
}

}  // namespace crowdjack
