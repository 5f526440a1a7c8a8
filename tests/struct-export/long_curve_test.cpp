// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/long_curve.hpp"
#include "struct-export/analysis/padded_spectrum.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>

#include <cmath>
#include <complex>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

using namespace crowdjack;

namespace {

constexpr std::size_t several_rooms = 5 * LongCurve<float>::room_bytes / sizeof(float) + 17;

float value_at(std::size_t place) { return static_cast<float>(place % 100'003); }

LongCurve<float> filled() {
    LongCurve<float> curve;
    for (std::size_t i = 0; i < several_rooms; ++i) {
        curve.push_back(value_at(i));
    }
    return curve;
}

std::size_t wrong_values(const LongCurve<float>& curve, std::size_t step) {
    std::size_t wrong = 0;
    for (std::size_t i = 0, at = 0; i < curve.size(); ++i, at = (at + step) % curve.size()) {
        wrong += curve[at] != value_at(at) ? 1U : 0U;
    }
    return wrong;
}

/// No file may grow in its time, as on a full disk.
class NoRoomOnDisk {
public:
    NoRoomOnDisk() {
        previous_ = ::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &limit_);
        const rlimit none{0, limit_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &none);
    }
    ~NoRoomOnDisk() {
        ::setrlimit(RLIMIT_FSIZE, &limit_);
        (void)::signal(SIGXFSZ, previous_);
    }
    NoRoomOnDisk(const NoRoomOnDisk&) = delete;
    NoRoomOnDisk& operator=(const NoRoomOnDisk&) = delete;

private:
    rlimit limit_{};
    void (*previous_)(int){};
};

}  // namespace

TEST_CASE("a long curve gives back every value, in order and jumping about") {
    const LongCurve<float> curve = filled();
    REQUIRE(curve.size() == several_rooms);
    CHECK(wrong_values(curve, 1) == 0);
    CHECK(wrong_values(curve, several_rooms - 1) == 0);  // backwards
    LongCurve<float> more = filled();
    CHECK(more[3] == value_at(3));
    more.push_back(value_at(several_rooms));
    more.give_back();
    CHECK(more[several_rooms] == value_at(several_rooms));
    for (std::size_t i = 1; i < several_rooms; i = i * 3 + 1) {
        CHECK(more[several_rooms - i] == value_at(several_rooms - i));
        CHECK(more[i] == value_at(i));
    }
}

TEST_CASE("a long curve stays in memory where the disk is full") {
    {
        const NoRoomOnDisk full;
        const LongCurve<float> curve = filled();
        curve.give_back();
        CHECK(wrong_values(curve, 1) == 0);
    }
    // The disk fills up when half of it is written.
    LongCurve<float> curve;
    for (std::size_t i = 0; i < several_rooms / 2; ++i) {
        curve.push_back(value_at(i));
    }
    const NoRoomOnDisk full;
    for (std::size_t i = several_rooms / 2; i < several_rooms; ++i) {
        curve.push_back(value_at(i));
    }
    CHECK(wrong_values(curve, 1) == 0);
}

TEST_CASE("a padded spectrum is the Fourier transform of the padded signal") {
    std::mt19937 random{7};
    std::uniform_real_distribution<double> any{-1.0, 1.0};
    std::vector<double> signal(9000);  // longer than one piece
    for (double& value : signal) {
        value = any(random);
    }
    constexpr std::size_t size = 32768;
    std::vector<double> found(size / 2, -1.0);
    padded_spectrum(signal, size, found.size(), [&](std::size_t place, double value) { found[place] = value; });
    for (std::size_t k = 0; k < found.size(); k += 517) {
        std::complex<double> sum{};
        for (std::size_t n = 0; n < signal.size(); ++n) {
            const double turn = static_cast<double>(k * n % size) / static_cast<double>(size);
            sum += signal[n] * std::polar(1.0, -2.0 * std::numbers::pi * turn);
        }
        CHECK(found[k] == doctest::Approx(std::abs(sum)).epsilon(1e-9));
    }
    CHECK(*std::min_element(found.begin(), found.end()) >= 0.0);  // every place came
}
