// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/render/sinc_bank.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace crowdjack {

namespace {

constexpr double base_half_width = 0.5 * static_cast<double>(SincKernel::narrowest);  // source frames at speed 1
constexpr double base_phases = 32.0;  // cubic interpolation between rows then errs below -115 dB

/// The prototype as a cosine series over its support: the minimax solution, by linear programming, for +-0.0005 dB up
/// to 0.1 and +-0.01 dB up to 0.409 of the source rate, -108 dB from 0.57 and -120 dB from 0.8 on, with a double zero
/// at the ends.
constexpr std::array series{0.03125,        0.062497484996, 0.062500318,    0.062498992808, 0.062506233282,
                            0.062500627797, 0.062483285832, 0.062536353579, 0.062446123812, 0.062564558947,
                            0.062438287626, 0.062555078748, 0.062437038612, 0.062514720381, 0.056136666111,
                            0.033570457572, 0.010077338741, 0.001045980665, 8.581006e-06,   -1.0042e-08,
                            2.1209e-07,     -1.21069e-07,   3.9268e-08};

/// The prototype at `t` source frames from its centre, for speed 1.
double prototype(double t) {
    const double x = t / base_half_width;
    if (std::abs(x) >= 1.0) {
        return 0.0;
    }
    double sum = 0.0;
    for (std::size_t k = 0; k < series.size(); ++k) {
        sum += series[k] * std::cos(std::numbers::pi * static_cast<double>(k) * x);
    }
    return sum;
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

namespace {

// Built before main: a bank built at its first use could be built on the audio thread.
const SincBank bank_of_the_process;  // NOLINT(cert-err58-cpp): without memory for it no deck can start

}  // namespace

const SincBank& SincBank::shared() noexcept { return bank_of_the_process; }

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
