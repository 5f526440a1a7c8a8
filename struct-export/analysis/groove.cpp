// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/groove.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace crowdjack {

namespace {

constexpr double kernel_share = 0.72;  ///< the squares of a lone hit's places in parts of their sum
constexpr double click_of_kick = 0.6;
constexpr double first_off_s = 0.025;
constexpr double coherence_counts = 1.5, between_costs = 3.0;
constexpr std::array<double, band_count> band_counts{1.0, 0.7, 0.3};
constexpr std::size_t bins_a_step = FoldedBar::bins_a_beat / 4;  ///< a step is a sixteenth

/// What a hit on each sixteenth of the bar is worth.
struct Template {
    std::vector<double> kick, snare, hat;
};

/// Kicks fall on beats, most on the first; what falls between them speaks against the place.
constexpr double off_eighth = -0.2, off_sixteenth = -0.3;
constexpr double snare_eighth = -0.2, snare_sixteenth = -0.25;
constexpr double hat_beat = 0.05, hat_eighth = 0.1, hat_sixteenth = -0.1;

std::vector<double> steps(std::span<const double> beats, double eighth, double sixteenth) {
    std::vector<double> result;
    for (const double beat : beats) {
        result.insert(result.end(), {beat, sixteenth, eighth, sixteenth});
    }
    return result;
}

const std::vector<Template>& templates(int beats) {
    const auto with = [](std::vector<double> kick, std::vector<double> snare) {
        const std::vector<double> hats(kick.size(), hat_beat);
        return Template{steps(kick, off_eighth, off_sixteenth), steps(snare, snare_eighth, snare_sixteenth),
                        steps(hats, hat_eighth, hat_sixteenth)};
    };
    static const std::vector<Template> of_four{with({1.0, 0.35, 0.5, 0.35}, {-0.3, 1.0, -0.2, 1.0}),
                                               with({0.9, 0.1, 0.0, 0.1}, {-0.4, -0.2, 1.1, -0.2})};
    static const std::vector<Template> of_three{with({1.0, 0.1, 0.1}, {-0.4, 0.8, 0.8})};
    return beats == 3 ? of_three : of_four;
}

/// How much of a hit lies at and around each place.
std::vector<double> gathered(const std::vector<double>& folded) {
    constexpr std::array kernel{0.3, 0.7, 1.0, 0.7, 0.3};
    const auto size = static_cast<std::ptrdiff_t>(folded.size());
    std::vector<double> result(folded.size(), 0.0);
    for (std::ptrdiff_t i = 0; i < size; ++i) {
        for (std::ptrdiff_t k = -2; k <= 2; ++k) {
            result[static_cast<std::size_t>(i)] +=
                kernel[static_cast<std::size_t>(k + 2)] * folded[static_cast<std::size_t>((i + k + size) % size)];
        }
    }
    return result;
}

/// A curve that hardly changes over the bar says nothing: 0 for a flat one, towards 1 for separate hits.
double clarity(const std::vector<double>& places, double most) {
    double sum = 0.0;
    for (const double value : places) {
        sum += value;
    }
    const double mean = most > 0.0 ? sum / most / static_cast<double>(places.size()) : 1.0;
    return std::clamp(1.0 - 1.5 * mean, 0.0, 1.0);
}

/// How surely a hit comes back in every bar: 1 when each place has all or nothing, less when hits wander from place to
/// place because the bar has another length.
double coherence(const std::vector<double>& places) {
    double sum = 0.0;
    double squares = 0.0;
    for (const double value : places) {
        sum += value;
        squares += value * value;
    }
    // A hit is spread over the kernel: 2.6 of its squares to 2.6 of its sum times 0.8.
    return sum > 0.0 ? std::min(squares / sum / kernel_share, 1.0) : 0.0;
}

/// The part of all hits that falls between the sixteenths; late ones (swing) count as on them.
double between(const std::vector<double>& folded, std::size_t origin) {
    constexpr std::ptrdiff_t early = 2;
    constexpr std::ptrdiff_t late = 5;
    const auto size = static_cast<std::ptrdiff_t>(folded.size());
    double on = 0.0;
    double all = 0.0;
    for (std::ptrdiff_t i = 0; i < size; ++i) {
        const std::ptrdiff_t place =
            (i - static_cast<std::ptrdiff_t>(origin) + size + early) % static_cast<std::ptrdiff_t>(bins_a_step);
        on += place <= early + late ? folded[static_cast<std::size_t>(i)] : 0.0;
        all += folded[static_cast<std::size_t>(i)];
    }
    return all > 0.0 ? 1.0 - on / all : 0.0;
}

double at_steps(const std::vector<double>& normal, const std::vector<double>& worth, std::size_t origin) {
    double sum = 0.0;
    for (std::size_t step = 0; step < worth.size(); ++step) {
        sum += worth[step] * normal[(origin + step * bins_a_step) % normal.size()];
    }
    return sum;
}

}  // namespace

FoldedBar fold(const OnsetCurves& curves, double period_s, int beats) {
    FoldedBar bar;
    bar.beats = beats;
    bar.period_s = period_s;
    const std::size_t bins = bar.bins();
    const double bins_a_value = static_cast<double>(FoldedBar::bins_a_beat) / period_s / curves.rate;
    const double rounds = curves.seconds() / (period_s * beats);
    for (std::size_t band = 0; band < band_count; ++band) {
        std::vector<double>& sums = bar.strength[band];
        sums.assign(bins, 0.0);
        const LongCurve<float>& curve = curves.strength[band];
        for (std::size_t i = 0; i < curve.size(); ++i) {
            if (const float strength = curve[i]; strength > 0.0F) {
                const auto place = static_cast<std::size_t>(std::lround(static_cast<double>(i) * bins_a_value));
                sums[place % bins] += static_cast<double>(strength);
            }
        }
        for (double& sum : sums) {
            sum /= std::max(rounds, 1.0);
        }
    }
    return bar;
}

std::array<double, band_count> hit_strength(const FoldedBar& bar) {
    std::array<double, band_count> result{};
    for (std::size_t band = 0; band < band_count; ++band) {
        const std::vector<double> places = gathered(bar.strength[band]);
        result[band] = *std::max_element(places.begin(), places.end());
    }
    return result;
}

GrooveMatch match_groove(const FoldedBar& bar, const std::array<double, band_count>& full, const FirstSound& first) {
    const auto beat_off = [&](std::size_t origin, double beats) {
        const double at = static_cast<double>(origin) / FoldedBar::bins_a_beat * bar.period_s;
        return std::abs(std::remainder(first.at_s - at, beats * bar.period_s));
    };
    std::array<std::vector<double>, band_count> normal;
    std::array<double, band_count> clear{};
    for (std::size_t band = 0; band < band_count; ++band) {
        normal[band] = gathered(bar.strength[band]);
        const double most = *std::max_element(normal[band].begin(), normal[band].end());
        clear[band] = clarity(normal[band], most);
        for (double& value : normal[band]) {
            value = full[band] > 0.0 ? value / full[band] : 0.0;
        }
    }
    // A kick's click is no snare.
    for (std::size_t i = 0; i < normal[1].size(); ++i) {
        normal[1][i] = std::max(normal[1][i] - click_of_kick * normal[0][i], 0.0);
    }
    double coherent = 0.0;
    for (std::size_t band = 0; band < band_count; ++band) {
        coherent += band_counts[band] * coherence(normal[band]);
    }
    std::vector<double> scores(bar.bins(), -1e9);
    for (std::size_t origin = 0; origin < bar.bins(); ++origin) {
        for (const Template& each : templates(bar.beats)) {
            const double score = clear[0] * at_steps(normal[0], each.kick, origin) +
                                 clear[1] * at_steps(normal[1], each.snare, origin) +
                                 clear[2] * at_steps(normal[2], each.hat, origin);
            scores[origin] = std::max(scores[origin], score);
        }
        scores[origin] += beat_off(origin, 1.0) < first_off_s ? first.on_beat : 0.0;
        scores[origin] += beat_off(origin, bar.beats) < first_off_s ? first.on_bar : 0.0;
        for (std::size_t band = 0; band < band_count; ++band) {
            scores[origin] -= between_costs * band_counts[band] * between(bar.strength[band], origin);
        }
    }
    const auto best = static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
    GrooveMatch match;
    match.score = scores[best] + coherence_counts * coherent;
    match.first_beat_s = static_cast<double>(best) / FoldedBar::bins_a_beat * bar.period_s;
    for (std::size_t later = 0; later < scores.size(); later += FoldedBar::bins_a_beat) {
        match.by_beat.push_back(scores[(best + later) % scores.size()]);
    }
    return match;
}

}  // namespace crowdjack
