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

constexpr std::size_t least_hits = 8;
constexpr double least_on_grid = 0.6, least_steady = 0.7;  ///< of a constant grid
constexpr double usual_tempo = 120.0;
constexpr double least_even = 0.7, least_hit_beats = 0.6;  ///< of beats that may move
constexpr double on_beat_s = 0.05;
constexpr double slack = 0.02;  ///< of a beat: how early the first beat may lie before the file

BeatTrack without_beats(const std::string& why) {
    BeatTrack track;
    track.why = why;
    return track;
}

GridFit fit_best(const TrackFeatures& features, const std::vector<Onset>& onsets, const TempoChoice& best) {
    GridFit fit = fit_grid(onsets, best.period_s, best.groove.first_beat_s);
    const auto exact = best.loop ? as_loop(features, fit.period_s) : std::nullopt;
    if (exact && std::abs(*exact - fit.period_s) < 4.0 * fit.sigma_s) {
        fit = fit_phase(onsets, *exact, fit.first_beat_s);
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

BeatTrack on_grid(const TrackFeatures& features, const OnsetCurves& curves, const GridFit& fit, bool loop) {
    BeatTrack track;
    track.bpm = 60.0 / fit.period_s;
    track.constant = true;
    track.confidence = fit.on_grid * fit.steady;
    const double first = fit.first_beat_s - fit.period_s * std::floor(fit.first_beat_s / fit.period_s + slack);
    for (int n = 0; first + n * fit.period_s < features.length_s; ++n) {
        track.beats.push_back(std::max(first + n * fit.period_s, 0.0));
    }
    const BeatSounds sounds = sounds_by_beat(features, curves, track.beats);
    track.beats_per_bar = find_metre(sounds);
    const std::vector<double> drums = drums_by_beat(curves, fit.period_s, first, track.beats_per_bar);
    set_bars(track, find_bars(sounds, track.beats_per_bar, drums, loop ? 2.0 : 0.3));
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
                              std::vector<double>(static_cast<std::size_t>(track.beats_per_bar), 0.0), 0.3));
    track.bar_confidence *= 0.5;
    track.first_beat_s = track.downbeats.empty() ? 0.0 : track.beats[track.downbeats.front()];
    return track;
}

}  // namespace

BeatTrack track_beats(const TrackFeatures& features, const OnsetCurves& curves, const BeatHints& hints) {
    const std::vector<Onset> onsets = find_onsets(curves);
    if (onsets.size() < least_hits) {
        return without_beats("no beat in it");
    }
    FreeBeats free = free_beats(features, hints.tag_bpm > 0.0 ? hints.tag_bpm : usual_tempo);
    std::vector<double> extra;
    if (free.period_s > 0.0) {
        extra.push_back(free.period_s);
    }
    if (hints.tag_bpm > 0.0) {
        extra.push_back(60.0 / hints.tag_bpm);
    }
    const std::vector<double> periods =
        candidate_periods(PulseSpectrum{curves}, hints.lowest_bpm, hints.highest_bpm, extra);
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
