// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/render/sinc_bank.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace crowdjack {

namespace {

constexpr double base_half_width = 0.5 * static_cast<double>(SincKernel::narrowest);  // source frames at speed 1
constexpr double base_phases = 32.0;  // cubic interpolation between rows then errs below -115 dB
constexpr double cutoff = 0.48;       // of the source rate: the middle of the transition band
constexpr double kaiser_beta = 0.1102 * (105.0 - 8.7);

/// Modified Bessel function of the first kind, order 0, by its power series.
double bessel_i0(double x) {
    const double quarter = 0.25 * x * x;
    double term = 1.0;
    double sum = 1.0;
    for (int k = 1; term > 1e-14 * sum; ++k) {
        term *= quarter / (static_cast<double>(k) * static_cast<double>(k));
        sum += term;
    }
    return sum;
}

double sinc(double x) {
    const double angle = std::numbers::pi * x;
    return std::abs(angle) < 1e-9 ? 1.0 : std::sin(angle) / angle;
}

/// The prototype at `t` source frames from its centre, for speed 1.
double prototype(double t) {
    const double inside = 1.0 - (t / base_half_width) * (t / base_half_width);
    return inside <= 0.0 ? 0.0 : sinc(2.0 * cutoff * t) * bessel_i0(kaiser_beta * std::sqrt(inside));
}

std::size_t whole(double value) { return static_cast<std::size_t>(std::ceil(value)); }

}  // namespace

SincKernel::SincKernel(double speed)
    : speed_{speed},
      taps_{(2 * whole(base_half_width * speed) + 7) / 8 * 8},
      phases_{std::max<std::size_t>(whole(base_phases / speed), 8)},
      weights_(taps_ * (phases_ + 4)) {
    std::vector<double> row(taps_);
    const std::size_t look_back = taps_ / 2;
    for (std::size_t at = 0; at < phases_ + 4; ++at) {
        const double fraction = (static_cast<double>(at) - 1.0) / static_cast<double>(phases_);
        const double first = 1.0 - static_cast<double>(look_back) - fraction;
        double sum = 0.0;
        for (std::size_t tap = 0; tap < taps_; ++tap) {
            row[tap] = prototype((first + static_cast<double>(tap)) / speed_);
            sum += row[tap];
        }
        std::transform(row.begin(), row.end(), weights_.begin() + static_cast<std::ptrdiff_t>(at * taps_),
                       [sum](double weight) { return static_cast<float>(weight / sum); });
    }
}

SincBank::SincBank() {
    const double semitone = std::exp2(1.0 / 12.0);
    double speed = 1.0;
    for (int k = 0; speed < 16.0; ++k) {
        kernels_.emplace_back(speed);
        speed *= k < 2 ? semitone : semitone * semitone;
    }
    kernels_.emplace_back(16.0);
}

const SincBank& SincBank::shared() {
    static const SincBank bank;
    return bank;
}

const SincKernel& SincBank::for_speed(double speed) const noexcept {
    // A hair of slack: speeds that are 1 to rounding belong to the first kernel.
    for (const SincKernel& kernel : kernels_) {
        if (kernel.speed() * (1.0 + 1e-9) >= speed) {
            return kernel;
        }
    }
    return kernels_.back();
}

}  // namespace crowdjack
