// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/tempo_truth.hpp"

#include "common/beat_line.hpp"
#include "struct-export/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr double worth_a_warning = 0.005;
constexpr double rounding = 0.0002;
constexpr double another_metre = 0.1;

double in_octave_of(double bpm, double reference) {
    return reference > 0.0 && bpm > 0.0 ? bpm * std::exp2(std::round(std::log2(reference / bpm))) : bpm;
}

double disagreement(double a, double b) noexcept { return std::abs(a - b) / b; }

double size_of(const SectionBeats::Phase& phase) { return std::abs(phase.worst); }

/// The BPM that the beats say, of the whole track's and the section's the one that is nearer at the hand-over.
double fitted_bpm(const TempoClaims& claims, double stated) {
    const double whole = claims.beats ? in_octave_of(claims.beats->bpm, stated) : 0.0;
    if (!claims.section) {
        return whole;
    }
    const double section = in_octave_of(claims.section->bpm(), stated);
    constexpr double as_good_beats = 0.03;  // then the longer measurement is the finer one
    const bool whole_fits = whole > 0.0 && size_of(claims.section->phase(whole)) <= as_good_beats;
    return whole_fits ? whole : section;
}

TempoSource rule(const TempoClaims& claims, double fitted) {
    const double stated = claims.rekordbox > 0.0 ? claims.rekordbox : claims.json;
    if (stated <= 0.0) {
        return TempoSource::beats;
    }
    const TempoSource source = claims.rekordbox > 0.0 ? TempoSource::rekordbox : TempoSource::json;
    const double off = fitted > 0.0 ? disagreement(fitted, stated) : 0.0;
    if (off >= another_metre) {
        return source;
    }
    if (claims.section && fitted > 0.0) {
        const double of_stated = size_of(claims.section->phase(stated));
        const double of_fit = size_of(claims.section->phase(fitted));
        if (of_stated > TempoTruth::in_time_beats && of_fit < of_stated) {
            return TempoSource::beats;
        }
        if (of_fit > of_stated) {
            return source;
        }
    }
    const bool rounded = source == TempoSource::json && claims.beats && claims.beats->firm() && off > rounding;
    return rounded ? TempoSource::beats : source;
}

/// "json says 128.00 (0.4 %), 0.9 beats off at the hand-over"
std::string objection(TempoSource source, double bpm, const TempoTruth& truth, const TempoClaims& claims) {
    const double off = claims.section ? size_of(claims.section->phase(bpm)) : 0.0;
    if (disagreement(bpm, truth.bpm) <= worth_a_warning && off <= TempoTruth::in_time_beats) {
        return {};
    }
    return std::string{to_text(source)} + " says " + fixed(bpm, 2) + " (" + fixed(100.0 * (bpm / truth.bpm - 1.0), 1) +
           " %)" + (claims.section ? ", " + fixed(off, 1) + " beats off at the hand-over" : "");
}

}  // namespace

std::optional<FittedTempo> fit_tempo(std::vector<double> beats) {
    const auto line = fit_beat_line(std::move(beats));
    if (!line) {
        return std::nullopt;
    }
    // To a ten-thousandth of a BPM: beats written to 10 ms tell no more.
    return FittedTempo{std::round(1.0e4 * line->bpm()) / 1.0e4, line->steady, line->beats};
}

const char* to_text(TempoSource source) noexcept {
    constexpr std::array names{"auto", "rekordbox", "json", "beats"};
    return names[static_cast<std::size_t>(source)];
}

TempoTruth choose_tempo(const TempoClaims& claims, TempoSource wanted) {
    const double stated = claims.rekordbox > 0.0 ? claims.rekordbox : claims.json;
    const double fitted = fitted_bpm(claims, stated);
    TempoTruth truth;
    truth.source = wanted == TempoSource::automatic ? rule(claims, fitted) : wanted;
    const std::array<std::pair<TempoSource, double>, 3> all{
        {{TempoSource::rekordbox, claims.rekordbox}, {TempoSource::json, claims.json}, {TempoSource::beats, fitted}}};
    for (const auto& [source, bpm] : all) {
        truth.bpm = source == truth.source ? bpm : truth.bpm;
    }
    if (truth.bpm <= 0.0) {
        return truth;
    }
    if (claims.section) {
        truth.phase = claims.section->phase(truth.bpm);
    }
    for (const auto& [source, bpm] : all) {
        const std::string says = bpm > 0.0 && source != truth.source ? objection(source, bpm, truth, claims) : "";
        truth.warning += (truth.warning.empty() || says.empty() ? "" : ", ") + says;
    }
    return truth;
}

}  // namespace crowdjack
