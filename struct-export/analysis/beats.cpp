// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/beats.hpp"

#include "struct-export/analysis/free_beats.hpp"
#include "struct-export/analysis/grid_fit.hpp"
#include "struct-export/analysis/groove.hpp"
#include "struct-export/analysis/pulse_search.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

constexpr std::size_t least_hits = 8, least_in_loop = 3;
constexpr double least_on_grid = 0.6, least_steady = 0.7;  ///< of a constant grid
constexpr double usual_tempo = 120.0;
constexpr double least_even = 0.7, least_hit_beats = 0.6;  ///< of beats that may move
constexpr double on_beat_s = 0.05;
constexpr double loop_start = 4.0, cut_start = 0.8, any_start = 0.4;  ///< what it says of bars where a file begins
constexpr double cut_slack_s = 0.02;  ///< by which a loop's first hit may seem to be off its start
constexpr double slack_s = 0.03;      ///< how early the first beat may lie before the file

BeatTrack without_beats(const std::string& why) {
    BeatTrack track;
    track.why = why;
    return track;
}

GridFit fit_best(const TrackFeatures& features, const std::vector<Onset>& onsets, const TempoChoice& best) {
    GridFit fit = fit_grid(onsets, best.period_s, best.groove.first_beat_s);
    // The length of a loop says its tempo more exactly than a few hits, some of them early or late, can.
    const auto exact = best.loop ? as_loop(features, fit.period_s, best.beats) : std::nullopt;
    const auto said = exact || !best.loop ? exact : as_loop(features, best.period_s, best.beats);
    if (said) {
        fit = fit_phase(onsets, *said, fit.first_beat_s);
        // And it is cut where its first beat begins.
        const double off = std::remainder(fit.first_beat_s, fit.period_s);
        fit.first_beat_s -= begins_at_once(features) && std::abs(off) < cut_slack_s ? off : 0.0;
    }
    return fit;
}

/// What the drums say for each beat of the bar, counted from the first of the track's beats.
std::vector<double> drums_by_beat(const OnsetCurves& curves, double period_s, double first_s, int beats_per_bar) {
    const FoldedBar bar = fold(curves, period_s, beats_per_bar);
    const GrooveMatch match = match_groove(bar, hit_strength(bar), {});
    const auto n = static_cast<long>(beats_per_bar);
    const long turn = std::lround((match.first_beat_s - first_s) / period_s);
    std::vector<double> drums(match.by_beat.size());
    for (long k = 0; k < n; ++k) {
        drums[static_cast<std::size_t>((((k + turn) % n) + n) % n)] = match.by_beat[static_cast<std::size_t>(k)];
    }
    return drums;
}

void set_bars(BeatTrack& track, const BarPhase& phase) {
    for (auto i = static_cast<std::size_t>(phase.offset); i < track.beats.size();
         i += static_cast<std::size_t>(track.beats_per_bar)) {
        track.downbeats.push_back(i);
    }
    track.bar_confidence = phase.confidence;
}

/// A loop holds whole bars.
int metre_of(const BeatSounds& sounds, double beats, bool loop) {
    const auto whole = std::lround(beats);
    if (loop && whole % 3 == 0 && whole % 4 != 0) {
        return 3;
    }
    return loop && whole % 3 != 0 ? 4 : find_metre(sounds);
}

BeatTrack on_grid(const TrackFeatures& features, const OnsetCurves& curves, const GridFit& fit, bool loop) {
    BeatTrack track;
    track.bpm = 60.0 / fit.period_s;
    track.constant = true;
    track.confidence = fit.on_grid * fit.steady;
    const double first = fit.first_beat_s - fit.period_s * std::floor((fit.first_beat_s + slack_s) / fit.period_s);
    for (int n = 0; first + n * fit.period_s < features.length_s; ++n) {
        track.beats.push_back(std::max(first + n * fit.period_s, 0.0));
    }
    const BeatSounds sounds = sounds_by_beat(features, curves, track.beats);
    track.beats_per_bar = metre_of(sounds, features.length_s / fit.period_s, loop);
    const std::vector<double> drums = drums_by_beat(curves, fit.period_s, first, track.beats_per_bar);
    const bool cut = begins_at_once(features);
    const bool looped = loop || (cut && is_repeated_loop(sounds, track.beats_per_bar));
    set_bars(track, find_bars(sounds, track.beats_per_bar, drums, looped ? loop_start : cut ? cut_start : any_start));
    track.first_beat_s = track.downbeats.empty() ? first : track.beats[track.downbeats.front()];
    return track;
}

/// The part of the beats at which something is hit.
double hit_part(const std::vector<double>& beats, const std::vector<Onset>& onsets) {
    std::size_t hit = 0;
    for (const double beat : beats) {
        const auto near = std::lower_bound(onsets.begin(), onsets.end(), beat - on_beat_s,
                                           [](const Onset& onset, double at) { return onset.at_s < at; });
        hit += near != onsets.end() && near->at_s <= beat + on_beat_s ? 1U : 0U;
    }
    return beats.empty() ? 0.0 : static_cast<double>(hit) / static_cast<double>(beats.size());
}

/// Each beat where its strongest hit is, if there is one near.
void move_to_hits(std::vector<double>& beats, const std::vector<Onset>& onsets) {
    for (double& beat : beats) {
        double most = 0.0;
        double at = beat;
        const auto from = std::lower_bound(onsets.begin(), onsets.end(), beat - on_beat_s,
                                           [](const Onset& onset, double time) { return onset.at_s < time; });
        for (auto each = from; each != onsets.end() && each->at_s <= beat + on_beat_s; ++each) {
            if (each->strength > most) {
                most = each->strength;
                at = each->at_s;
            }
        }
        beat = std::max(at, 0.0);
    }
    beats.erase(std::unique(beats.begin(), beats.end(), [](double a, double b) { return b - a < on_beat_s; }),
                beats.end());
}

BeatTrack beat_by_beat(const TrackFeatures& features, const OnsetCurves& curves, const std::vector<Onset>& onsets,
                       FreeBeats free) {
    const double hit = hit_part(free.beats, onsets);
    if (free.beats.size() < least_hits || free.evenness < least_even || hit < least_hit_beats) {
        return without_beats("no steady beat in it");
    }
    BeatTrack track;
    track.bpm = 60.0 / free.period_s;
    track.why = "its tempo moves";
    track.confidence = 0.5 * free.evenness * hit;
    track.beats = std::move(free.beats);
    move_to_hits(track.beats, onsets);
    const BeatSounds sounds = sounds_by_beat(features, curves, track.beats);
    track.beats_per_bar = find_metre(sounds);
    set_bars(track, find_bars(sounds, track.beats_per_bar,
                              std::vector<double>(static_cast<std::size_t>(track.beats_per_bar), 0.0), any_start));
    track.bar_confidence *= 0.5;
    track.first_beat_s = track.downbeats.empty() ? 0.0 : track.beats[track.downbeats.front()];
    return track;
}

}  // namespace

BeatTrack track_beats(const TrackFeatures& features, const OnsetCurves& curves, const BeatHints& hints) {
    const std::vector<Onset> onsets = find_onsets(curves);
    const std::vector<double> as_a_loop = loop_periods(features, hints.lowest_bpm, hints.highest_bpm);
    if (onsets.size() < (as_a_loop.empty() ? least_hits : least_in_loop)) {
        return without_beats("no beat in it");
    }
    features.give_back();
    curves.give_back();
    FreeBeats free = free_beats(features, hints.tag_bpm > 0.0 ? hints.tag_bpm : usual_tempo);
    std::vector<double> extra;
    if (free.period_s > 0.0) {
        extra.push_back(free.period_s);
    }
    if (hints.tag_bpm > 0.0) {
        extra.push_back(60.0 / hints.tag_bpm);
    }
    std::vector<double> periods = candidate_periods(PulseSpectrum{curves}, hints.lowest_bpm, hints.highest_bpm, extra);
    periods.insert(periods.end(), as_a_loop.begin(), as_a_loop.end());
    if (!periods.empty()) {
        const TempoChoice best = choose_beat(features, curves, periods, hints);
        const GridFit fit = fit_best(features, onsets, best);
        if (fit.on_grid >= least_on_grid && fit.steady >= least_steady) {
            return on_grid(features, curves, fit, best.loop);
        }
    }
    return beat_by_beat(features, curves, onsets, std::move(free));
}

}  // namespace crowdjack
