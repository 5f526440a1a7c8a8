// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/isolator.hpp"
#include "tests/mixer-bus/mixer_fixture.hpp"

#include <doctest/doctest.h>

#include <complex>
#include <span>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr double rate = 48000.0;
constexpr std::size_t settling = 1500;  ///< frames until the 200 Hz crossover has settled

/// The amplitude of the sine of `hertz` that fits `signal` best (least squares: any phase, any number of periods).
double amplitude(std::span<const float> signal, double hertz) {
    double cc = 0.0;
    double cs = 0.0;
    double ss = 0.0;
    double xc = 0.0;
    double xs = 0.0;
    for (std::size_t i = 0; i < signal.size(); ++i) {
        const double angle = 2.0 * std::numbers::pi * hertz * static_cast<double>(i) / rate;
        const double c = std::cos(angle);
        const double s = std::sin(angle);
        const auto x = static_cast<double>(signal[i]);
        cc += c * c;
        cs += c * s;
        ss += s * s;
        xc += x * c;
        xs += x * s;
    }
    const double determinant = cc * ss - cs * cs;
    return std::hypot((xc * ss - xs * cs) / determinant, (xs * cc - xc * cs) / determinant);
}

/// The magnitude response in dB of the isolator with constant band gains, from its impulse response.
class Response {
public:
    explicit Response(std::array<float, 3> gains) : impulse_(1U << 15U) {
        impulse_[0] = 1.0F;
        Signal other(impulse_.size());
        std::array<IsolatorState, 2> state{};
        const IsolatorJob job{.state = &state,
                              .samples = {impulse_.data(), other.data()},
                              .steady = gains,
                              .moving = {},
                              .wet = nullptr,
                              .frames = impulse_.size()};
        run_isolator(IsolatorCoefficients{200.0, 2000.0, rate}, {&job, 1});
    }

    [[nodiscard]] double at(double hertz) const {
        const std::complex<double> step = std::polar(1.0, -2.0 * std::numbers::pi * hertz / rate);
        std::complex<double> turn{1.0};
        std::complex<double> sum{};
        for (const float h : impulse_) {
            sum += static_cast<double>(h) * turn;
            turn *= step;
        }
        return decibels(std::abs(sum));
    }

private:
    Signal impulse_;
};

ParameterId band(StripParameter parameter) { return {0, parameter}; }

}  // namespace

TEST_CASE("with all bands equal the isolator is flat within 0.05 dB") {
    const Response flat{{1.0F, 1.0F, 1.0F}};
    for (double hertz = 20.0; hertz < 22000.0; hertz *= 1.05) {
        CAPTURE(hertz);
        REQUIRE(std::fabs(flat.at(hertz)) < 0.05);
    }
    const Response quieter{{0.5F, 0.5F, 0.5F}};
    CHECK(quieter.at(200.0) == doctest::Approx(-6.02).epsilon(0.001));
}

TEST_CASE("a killed band is 48 dB down an octave inside, low and high 80 dB two octaves inside") {
    const Response no_low{{0.0F, 1.0F, 1.0F}};
    CHECK(no_low.at(100.0) <= -48.0);
    CHECK(no_low.at(50.0) <= -80.0);
    CHECK(no_low.at(30.0) <= -80.0);
    const Response no_high{{1.0F, 1.0F, 0.0F}};
    CHECK(no_high.at(4000.0) <= -48.0);
    CHECK(no_high.at(8000.0) <= -80.0);
    CHECK(no_high.at(16000.0) <= -80.0);
    const Response no_mid{{1.0F, 0.0F, 1.0F}};
    CHECK(no_mid.at(400.0) <= -48.0);
    CHECK(no_mid.at(632.0) <= -48.0);
    CHECK(no_mid.at(1000.0) <= -48.0);
}

TEST_CASE("a killed band leaves its neighbours within 0.1 dB an octave outside") {
    const Response no_low{{0.0F, 1.0F, 1.0F}};
    for (const double hertz : {400.0, 800.0, 2000.0, 5000.0, 15000.0}) {
        CHECK(std::fabs(no_low.at(hertz)) < 0.1);
    }
    const Response no_high{{1.0F, 1.0F, 0.0F}};
    for (const double hertz : {30.0, 200.0, 500.0, 1000.0}) {
        CHECK(std::fabs(no_high.at(hertz)) < 0.1);
    }
    const Response no_mid{{1.0F, 0.0F, 1.0F}};
    for (const double hertz : {30.0, 100.0, 4000.0, 15000.0}) {
        CHECK(std::fabs(no_mid.at(hertz)) < 0.1);
    }
}

TEST_CASE("three killed bands are silence") {
    BenchMixer bench{1};
    bench.feed(0, noise(20000, 4));
    for (const auto parameter : {StripParameter::low, StripParameter::mid, StripParameter::high}) {
        bench.move(band(parameter), 0.0, 1000, 480, FadeShape::smooth);
    }
    const auto out = bench.play(20000).master[0];
    for (std::size_t i = 6000; i < out.size(); ++i) {
        REQUIRE(std::fabs(out[i]) < 1e-7F);
    }
}

TEST_CASE("strips are filtered alike, one by one or several at once") {
    const Signal input = noise(1000, 9);
    const auto filtered = [&](std::size_t strips) {
        BenchMixer bench{strips};
        for (std::size_t i = 0; i < strips; ++i) {
            bench.feed(i, input);
            bench.mixer.parameters()[ParameterId{i, StripParameter::low}].reset(0.3F);
            if (i > 0) {
                bench.mixer.parameters()[ParameterId{i, StripParameter::fader}].reset(0.0F);
            }
        }
        return bench.play(1000, 77).master[0];
    };
    const Signal alone = filtered(1);
    for (const std::size_t strips : {2U, 3U, 4U, 5U, 16U}) {
        const Signal together = filtered(strips);
        CHECK(std::equal(alone.begin(), alone.end(), together.begin()));
    }
}

TEST_CASE("moving and killing bands on a steady sine does not click") {
    for (const double hertz : {60.0, 200.0, 700.0, 1500.0, 2000.0}) {
        CAPTURE(hertz);
        BenchMixer bench{1};
        bench.feed(0, sine_wave(hertz, 100000));
        bench.move(band(StripParameter::low), 0.0, 10000, 480, FadeShape::smooth);
        bench.move(band(StripParameter::low), 0.7, 20000, 480, FadeShape::smooth);
        bench.move(band(StripParameter::mid), 0.0, 30000, 480, FadeShape::smooth);
        bench.move(band(StripParameter::high), 0.0, 40000, 480, FadeShape::smooth);
        for (const auto parameter : {StripParameter::low, StripParameter::mid, StripParameter::high}) {
            bench.move(band(parameter), 1.0, 60000, 480, FadeShape::smooth);
        }
        const auto out = bench.play(100000).master[0];
        CHECK(roughness(out, 2000) < click_at_80_db);
    }
}

TEST_CASE("engaging is a 20 ms blend: its dip is stated, and after it the level is back") {
    double deepest = 0.0;
    double deepest_hertz = 0.0;
    for (double hertz = 41.0; hertz < 12000.0; hertz *= 1.02) {
        BenchMixer bench{1};
        bench.feed(0, sine_wave(hertz, 16000));
        bench.move(band(StripParameter::low), 0.999, 5000, 1);
        const auto out = bench.play(16000).master[0];
        const auto window = static_cast<std::size_t>(std::ceil(2.0 * rate / hertz));
        const auto level = [&](std::size_t at) { return amplitude(std::span{out}.subspan(at, window), hertz); };
        const double before = level(2000);
        for (std::size_t at = 4000; at < 4000 + 2000; at += 48) {
            if (const double dip = decibels(level(at) / before); dip < deepest) {
                deepest = dip;
                deepest_hertz = hertz;
            }
        }
        CHECK(level(5000 + 960 + settling) == doctest::Approx(before).epsilon(0.002));
    }
    MESSAGE("engaging the EQ dips a steady tone by at most ", deepest, " dB (at ", deepest_hertz,
            " Hz), for part of its 20 ms");
}

TEST_CASE("the EQ comes in at the very frame its move names, at any period") {
    const auto played = [](std::size_t period) {
        BenchMixer bench{1};
        bench.feed(0, noise(9600, 5));
        bench.move(band(StripParameter::low), 0.0, 1000 + 3333, 2400);
        return bench.play(9600, period).master[0];
    };
    const Signal reference = played(64);
    for (const std::size_t period : {32U, 128U, 333U, 1024U}) {
        const Signal other = played(period);
        CHECK(std::equal(reference.begin(), reference.end(), other.begin()));
    }
}
