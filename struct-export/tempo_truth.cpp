// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/tempo_truth.hpp"

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
constexpr double on_the_grid = 0.03;   ///< seconds
constexpr double least_scale = 0.005;  ///< seconds; beats are written to 10 ms

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// Which beat of a steady grid each one is; a gap of two periods counts twice.
std::vector<double> beat_numbers(const std::vector<double>& beats, double period) {
    std::vector<double> numbers{0.0};
    for (std::size_t i = 1; i < beats.size(); ++i) {
        numbers.push_back(numbers.back() + std::round((beats[i] - beats[i - 1]) / period));
    }
    return numbers;
}

struct Line {
    double offset{}, slope{};
    [[nodiscard]] double at(double x) const noexcept { return offset + slope * x; }
};

Line weighted_fit(const std::vector<double>& x, const std::vector<double>& y, const std::vector<double>& weights) {
    double w = 0.0;
    double wx = 0.0;
    double wy = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        w += weights[i];
        wx += weights[i] * x[i];
        wy += weights[i] * y[i];
    }
    double xx = 0.0;
    double xy = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double dx = x[i] - wx / w;
        xx += weights[i] * dx * dx;
        xy += weights[i] * dx * (y[i] - wy / w);
    }
    const double slope = xx > 0.0 ? xy / xx : 0.0;
    return {wy / w - slope * wx / w, slope};
}

Line robust_fit(const std::vector<double>& x, const std::vector<double>& y) {
    std::vector<double> weights(x.size(), 1.0);
    Line line;
    for (int round = 0; round < 20; ++round) {
        line = weighted_fit(x, y, weights);
        std::vector<double> residuals(x.size());
        for (std::size_t i = 0; i < x.size(); ++i) {
            residuals[i] = std::abs(y[i] - line.at(x[i]));
        }
        // 1.4826 turns the median deviation into sigma; 4.685 is the biweight's usual reach.
        const double reach = 4.685 * std::max(1.4826 * median(residuals), least_scale);
        for (std::size_t i = 0; i < x.size(); ++i) {
            const double u = std::min(residuals[i] / reach, 1.0);
            weights[i] = (1.0 - u * u) * (1.0 - u * u);
        }
    }
    return line;
}

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
    std::ranges::sort(beats);
    const auto doubled = std::unique(beats.begin(), beats.end(), [](double a, double b) { return b - a < 0.05; });
    beats.erase(doubled, beats.end());
    if (beats.size() < 4) {
        return std::nullopt;
    }
    std::vector<double> gaps;
    for (std::size_t i = 1; i < beats.size(); ++i) {
        gaps.push_back(beats[i] - beats[i - 1]);
    }
    const std::vector<double> numbers = beat_numbers(beats, median(std::move(gaps)));
    const Line line = robust_fit(numbers, beats);
    if (line.slope <= 0.0) {
        return std::nullopt;
    }
    std::size_t steady = 0;
    for (std::size_t i = 0; i < beats.size(); ++i) {
        steady += std::abs(beats[i] - line.at(numbers[i])) <= on_the_grid ? 1U : 0U;
    }
    // To a ten-thousandth of a BPM: beats written to 10 ms tell no more.
    return FittedTempo{std::round(60.0e4 / line.slope) / 1.0e4,
                       static_cast<double>(steady) / static_cast<double>(beats.size()), beats.size()};
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
