// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/padded_spectrum.hpp"

#include <dsp/transforms/FFT.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace crowdjack {

namespace {

constexpr std::size_t longest_piece = 8192;

/// exp(-2πi·n/size) for any n: the product of a coarse and a fine step, each out of a short table.
class Turns {
public:
    explicit Turns(std::size_t size) : size_{size} {
        while (fine_count_ * fine_count_ < size) {
            fine_count_ *= 2;
        }
        for (std::size_t n = 0; n < fine_count_; ++n) {
            fine_.push_back(turn(n));
            coarse_.push_back(turn(n * fine_count_));
        }
    }
    [[nodiscard]] std::complex<double> at(std::size_t n) const {
        const std::size_t place = n % size_;
        const std::complex<double>& a = coarse_[place / fine_count_];
        const std::complex<double>& b = fine_[place % fine_count_];
        return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
    }

private:
    [[nodiscard]] std::complex<double> turn(std::size_t n) const {
        return std::polar(1.0, -2.0 * std::numbers::pi * static_cast<double>(n) / static_cast<double>(size_));
    }

    std::size_t size_, fine_count_{1};
    std::vector<std::complex<double>> fine_, coarse_;
};

}  // namespace

void padded_spectrum(std::span<const double> signal, std::size_t size, std::size_t count,
                     const std::function<void(std::size_t, double)>& sink) {
    const std::size_t piece = std::min(size, longest_piece);
    const std::size_t rounds = size / piece;
    const Turns turns{size};
    FFT fft{static_cast<int>(piece)};
    std::vector<double> real(piece);
    std::vector<double> imaginary(piece);
    std::vector<double> out_real(piece);
    std::vector<double> out_imaginary(piece);
    for (std::size_t round = 0; round < rounds; ++round) {
        std::fill(real.begin(), real.end(), 0.0);
        std::fill(imaginary.begin(), imaginary.end(), 0.0);
        for (std::size_t n = 0; n < signal.size(); ++n) {
            const std::complex<double> turn = turns.at(n * round);
            real[n % piece] += signal[n] * turn.real();
            imaginary[n % piece] += signal[n] * turn.imag();
        }
        fft.process(false, real.data(), imaginary.data(), out_real.data(), out_imaginary.data());
        for (std::size_t q = 0; q < piece && q * rounds + round < count; ++q) {
            sink(q * rounds + round, std::hypot(out_real[q], out_imaginary[q]));
        }
    }
}

}  // namespace crowdjack
