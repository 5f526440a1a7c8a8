// SPDX-License-Identifier: GPL-3.0-or-later
// Music to hand over, and ears that judge a hand-over.
#pragma once

#include "tests/support/jack_clients.hpp"

#include <ebur128.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <utility>
#include <vector>

namespace crowdjack::test {

inline constexpr double set_rate = 48000.0;

/// Steady music without a beat: 120 partials between 40 Hz and 6 kHz, pink, none above. Repeats each second.
inline std::vector<float> texture(unsigned seed, double seconds, double amplitude) {
    std::mt19937 random{seed};
    std::uniform_real_distribution<double> phase{0.0, 2.0 * std::numbers::pi};
    std::uniform_real_distribution<double> place{0.0, 1.0};
    const auto second = static_cast<std::size_t>(set_rate);
    std::vector<double> one(second, 0.0);
    for (int i = 0; i < 120; ++i) {
        const double hertz = std::round(40.0 * std::pow(150.0, (i + place(random)) / 120.0));
        const double step = 2.0 * std::numbers::pi * hertz / set_rate;
        const double begin = phase(random);
        for (std::size_t n = 0; n < second; ++n) {
            one[n] += std::sin(begin + step * static_cast<double>(n));
        }
    }
    std::vector<float> result(static_cast<std::size_t>(seconds * set_rate));
    for (std::size_t n = 0; n < result.size(); ++n) {
        result[n] = static_cast<float>(amplitude * one[n % second] / 8.0);
    }
    return result;
}

/// Momentary loudness (400 ms) of two channels, every 100 ms.
inline std::vector<double> momentary(const std::vector<float>& left, const std::vector<float>& right) {
    ebur128_state* meter = ebur128_init(2, static_cast<unsigned long>(set_rate), EBUR128_MODE_M);
    std::vector<double> result;
    constexpr std::size_t hop = 4800;
    for (std::size_t at = 0; at + hop <= left.size(); at += hop) {
        std::vector<float> block;
        for (std::size_t i = at; i < at + hop; ++i) {
            block.push_back(left[i]);
            block.push_back(right[i]);
        }
        ebur128_add_frames_float(meter, block.data(), hop);
        double lufs = 0.0;
        ebur128_loudness_momentary(meter, &lufs);
        if (at >= 4 * hop) {  // the window is full
            result.push_back(lufs);
        }
    }
    ebur128_destroy(&meter);
    return result;
}

/// The parts of [first, last) a second or longer in which the server's clock did not jump: a machine that loses samples
/// says nothing about hand-overs.
inline std::vector<std::pair<std::int64_t, std::int64_t>> quiet_spans(const Capture& ears, std::int64_t first,
                                                                      std::int64_t last) {
    constexpr std::int64_t margin = 9600;
    std::vector<std::pair<std::int64_t, std::int64_t>> spans;
    std::int64_t from = first;
    for (const Capture::Gap& gap : ears.gaps()) {
        if (gap.came < first || gap.expected > last) {
            continue;
        }
        spans.emplace_back(from, gap.expected - margin);
        from = gap.came + margin;
    }
    spans.emplace_back(from, last);
    std::erase_if(spans, [](const auto& span) { return span.second - span.first < 48000; });
    return spans;
}

/// The loudest sample above about 14 kHz: a Blackman-windowed high-pass of 255 taps.
inline double click_peak(const std::vector<float>& samples) {
    constexpr int half = 127;
    constexpr double cut = 14000.0 / set_rate;
    std::vector<double> taps;
    for (int i = -half; i <= half; ++i) {
        const double x = static_cast<double>(i) / half;
        const double window = 0.42 + 0.5 * std::cos(std::numbers::pi * x) + 0.08 * std::cos(2.0 * std::numbers::pi * x);
        const double low = i == 0 ? 2.0 * cut : std::sin(2.0 * std::numbers::pi * cut * i) / (std::numbers::pi * i);
        taps.push_back(((i == 0 ? 1.0 : 0.0) - low) * window);
    }
    double peak = 0.0;
    for (std::size_t n = 0; n + taps.size() <= samples.size(); ++n) {
        double sum = 0.0;
        for (std::size_t i = 0; i < taps.size(); ++i) {
            sum += taps[i] * static_cast<double>(samples[n + i]);
        }
        peak = std::max(peak, std::abs(sum));
    }
    return peak;
}

}  // namespace crowdjack::test
