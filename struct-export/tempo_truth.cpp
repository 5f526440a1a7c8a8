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

TempoSource rule(const TempoClaims& claims, double fitted) {
    if (claims.rekordbox > 0.0) {
        return TempoSource::rekordbox;
    }
    if (claims.json <= 0.0) {
        return TempoSource::beats;
    }
    const double off = fitted > 0.0 ? disagreement(fitted, claims.json) : 0.0;
    const bool corrected = claims.beats && claims.beats->firm() && off > rounding && off < another_metre;
    return corrected ? TempoSource::beats : TempoSource::json;
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
    const double fitted = claims.beats ? in_octave_of(claims.beats->bpm, stated) : 0.0;
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
    for (const auto& [source, bpm] : all) {
        if (bpm > 0.0 && source != truth.source && disagreement(bpm, truth.bpm) > worth_a_warning) {
            truth.warning += (truth.warning.empty() ? "" : ", ") + std::string{to_text(source)} + " says " +
                             fixed(bpm, 2) + " (" + fixed(100.0 * (bpm / truth.bpm - 1.0), 1) + " %)";
        }
    }
    return truth;
}

}  // namespace crowdjack
