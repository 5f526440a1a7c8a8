// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/beat_line.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr double on_the_line = 0.03;    ///< seconds
constexpr double least_scale = 0.005;   ///< seconds; beats are written to 10 ms
constexpr double shortest_beat = 0.06;  ///< seconds: 1000 BPM
constexpr double longest_beat = 60.0;   ///< 1 BPM

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

}  // namespace

std::optional<BeatLine> fit_beat_line(std::vector<double> beats) {
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
    if (!(line.slope >= shortest_beat && line.slope <= longest_beat)) {
        return std::nullopt;  // also when it is not a number
    }
    std::size_t steady = 0;
    for (std::size_t i = 0; i < beats.size(); ++i) {
        steady += std::abs(beats[i] - line.at(numbers[i])) <= on_the_line ? 1U : 0U;
    }
    return BeatLine{line.offset, line.slope, static_cast<double>(steady) / static_cast<double>(beats.size()),
                    beats.size()};
}

}  // namespace crowdjack
