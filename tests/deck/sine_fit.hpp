// SPDX-License-Identifier: GPL-3.0-or-later
// Measuring what a deck does to a sine.
#pragma once

#include "deck/render/read_head.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numbers>
#include <span>
#include <vector>

namespace crowdjack::test {

/// A sine of `cycles` per source frame, endless both ways.
class SineRun final : public SampleRun {
public:
    explicit SineRun(double cycles, double amplitude = 0.5) : cycles_{cycles}, amplitude_{amplitude} {}
    void gather(std::int64_t first, std::span<float> left, std::span<float> right) noexcept override {
        for (std::size_t i = 0; i < left.size(); ++i) {
            const double phase = cycles_ * static_cast<double>(first + static_cast<std::int64_t>(i));
            left[i] = static_cast<float>(amplitude_ * std::sin(2.0 * std::numbers::pi * (phase - std::floor(phase))));
            right[i] = -left[i];
        }
    }

private:
    double cycles_, amplitude_;
};

/// The sine of `cycles` per sample that fits best (least squares, sine and cosine part), and what it leaves.
struct SineFit {
    double amplitude{};
    double residual_rms{};
    [[nodiscard]] double snr_db() const { return 20.0 * std::log10(amplitude / std::numbers::sqrt2 / residual_rms); }
};

inline SineFit fit_sine(std::span<const float> samples, double cycles) {
    double ss{};
    double cc{};
    double sc{};
    double sx{};
    double cx{};
    const auto turn = [&](std::size_t i) { return 2.0 * std::numbers::pi * cycles * static_cast<double>(i); };
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double s = std::sin(turn(i));
        const double c = std::cos(turn(i));
        const double x = static_cast<double>(samples[i]);
        ss += s * s;
        cc += c * c;
        sc += s * c;
        sx += s * x;
        cx += c * x;
    }
    const double determinant = ss * cc - sc * sc;
    const double a = (sx * cc - cx * sc) / determinant;
    const double b = (cx * ss - sx * sc) / determinant;
    double left{};
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double error = static_cast<double>(samples[i]) - a * std::sin(turn(i)) - b * std::cos(turn(i));
        left += error * error;
    }
    return {std::hypot(a, b), std::sqrt(left / static_cast<double>(samples.size()))};
}

inline double rms(std::span<const float> samples) {
    double sum{};
    for (const float x : samples) {
        sum += static_cast<double>(x) * static_cast<double>(x);
    }
    return std::sqrt(sum / static_cast<double>(samples.size()));
}

/// `count` frames of `run` played at a steady `speed` from source position `start`, in blocks of 128.
inline std::vector<float> played(SampleRun& run, double speed, std::size_t count, double start = 1000.37) {
    ReadHead head{SincBank::shared()};
    const auto scratch = std::make_unique<ReadHead::Scratch>();
    std::vector<float> left(count);
    std::vector<float> right(count);
    for (std::size_t done = 0; done < count;) {
        const std::size_t part = std::min<std::size_t>(128, count - done);
        const CurvePiece piece{{start + static_cast<double>(done) * speed, speed, 0.0}, part};
        head.render(piece, 0, run, *scratch, {left.data() + done, part}, {right.data() + done, part});
        done += part;
    }
    return left;
}

}  // namespace crowdjack::test
