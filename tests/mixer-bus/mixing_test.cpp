// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/eq_curve.hpp"
#include "tests/mixer-bus/mixer_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

ParameterId fader(std::size_t strip) { return {strip, StripParameter::fader}; }

Signal delayed(const Signal& signal) {
    Signal result(signal.size());
    std::copy(signal.begin(), signal.end() - delay, result.begin() + delay);
    return result;
}

}  // namespace

TEST_CASE("a linear fade is at its closed form on every frame, at any period") {
    for (const std::size_t period : {16U, 64U, 100U, 128U, 1024U, 8192U}) {
        BenchMixer bench{1};
        bench.feed(0, Signal(20000, 0.5F));
        bench.move(fader(0), 0.0, 1000 + 777, 4800);
        const auto out = bench.play(20000, period).master[0];
        for (std::size_t i = 0; i < 20000 - delay; ++i) {
            const double t = std::clamp((static_cast<double>(i) - 777.0) / 4800.0, 0.0, 1.0);
            REQUIRE(out[i + delay] == doctest::Approx(0.5 * (1.0 - t)).epsilon(1e-6));
        }
        CHECK(out[777 + delay] == 0.5F);
        CHECK(out[778 + delay] < 0.5F);
        CHECK(out[776 + 4800 + delay] > 0.0F);
        CHECK(out[777 + 4800 + delay] == 0.0F);
    }
}

TEST_CASE("an equal-power crossfade keeps the power of two independent tracks") {
    BenchMixer bench{2};
    bench.feed(0, Signal(30000, 1.0F), Signal(30000));
    bench.feed(1, Signal(30000), Signal(30000, 1.0F));
    bench.mixer.set_limiter(false, 1.0F);
    bench.mixer.parameters()[fader(1)].reset(0.0F);
    bench.move(fader(0), 0.0, 2000, 24000, FadeShape::equal_power);
    bench.move(fader(1), 1.0, 2000, 24000, FadeShape::equal_power);
    const auto out = bench.play(30000).master;
    for (std::size_t i = delay; i < 30000; ++i) {
        const double power = static_cast<double>(out[0][i]) * static_cast<double>(out[0][i]) +
                             static_cast<double>(out[1][i]) * static_cast<double>(out[1][i]);
        REQUIRE(power == doctest::Approx(1.0).epsilon(1e-5));
    }
    CHECK(out[0][delay + 1000 + 12000] == doctest::Approx(std::cos(std::numbers::pi / 4.0)));
}

TEST_CASE("moves wait for their frames in order, each from where the one before left off") {
    Automation gain{1.0F};
    const JackFrame now{0};
    REQUIRE(gain.schedule({JackFrame{3000}, Frames{100}, 0.25F, FadeShape::linear}, now, Frames{0}));
    REQUIRE(gain.schedule({JackFrame{1000}, Frames{4000}, 0.0F, FadeShape::linear}, now, Frames{0}));
    gain.settle(JackFrame{2000});
    CHECK(gain.value_at(JackFrame{2000}) == doctest::Approx(0.75));
    CHECK(gain.pending() == 1);
    CHECK(gain.final_target() == 0.25F);
    gain.settle(JackFrame{3050});
    CHECK(gain.value_at(JackFrame{3050}) == doctest::Approx(0.375));  // from 0.5, interrupted
    gain.settle(JackFrame{5000});
    CHECK(gain.value_at(JackFrame{5000}) == 0.25F);
    CHECK_FALSE(gain.moving());
}

TEST_CASE("sixteen moves of a parameter can wait, a seventeenth is refused, the same frame replaces") {
    Automation gain{1.0F};
    for (std::int64_t i = 1; i <= 16; ++i) {
        REQUIRE(gain.schedule({JackFrame{i * 100}, Frames{10}, 0.5F, FadeShape::linear}, JackFrame{0}, Frames{0}));
    }
    CHECK_FALSE(gain.schedule({JackFrame{5000}, Frames{10}, 0.5F, FadeShape::linear}, JackFrame{0}, Frames{0}));
    CHECK(gain.schedule({JackFrame{1600}, Frames{10}, 0.125F, FadeShape::linear}, JackFrame{0}, Frames{0}));
    gain.settle(JackFrame{10000});
    CHECK(gain.value_at(JackFrame{10000}) == 0.125F);
}

TEST_CASE("a fade told too late still ends when it should, without a jump") {
    BenchMixer bench{1};
    bench.feed(0, Signal(10000, 0.5F));
    bench.play(2000);
    bench.move(fader(0), 0.0, 1000 + 1000, 4000);
    const auto out = bench.play(8000).master[0];
    CHECK(out[delay] == 0.5F);
    CHECK(out[delay + 2999] > 0.0F);
    CHECK(out[delay + 3000] == 0.0F);
    for (std::size_t i = 1; i < out.size(); ++i) {
        REQUIRE(std::fabs(out[i] - out[i - 1]) < 0.001F);
    }
}

TEST_CASE("flat and at unity the master is bit for bit the float sum of the strips") {
    constexpr std::size_t frames = 48000;
    for (const std::size_t period : {1U, 37U, 64U, 1024U}) {
        BenchMixer bench{4};
        std::vector<Stereo> inputs;
        for (unsigned i = 0; i < 4; ++i) {
            inputs.push_back({noise(frames, 2 * i), noise(frames, 2 * i + 1)});
            bench.feed(i, inputs[i][0], inputs[i][1]);
        }
        const auto out = bench.play(frames, period).master;
        for (std::size_t side = 0; side < 2; ++side) {
            std::size_t wrong = 0;
            for (std::size_t i = 0; i + delay < frames; ++i) {
                const float sum = ((inputs[0][side][i] + inputs[1][side][i]) + inputs[2][side][i]) + inputs[3][side][i];
                wrong += out[side][i + delay] == sum ? 0U : 1U;
            }
            CHECK(wrong == 0);
        }
    }
}

TEST_CASE("after an EQ move back to flat the master is bit-exact again") {
    constexpr std::size_t frames = 48000;
    BenchMixer bench{1};
    const Signal input = noise(frames, 7);
    bench.feed(0, input);
    bench.move({0, StripParameter::low}, 0.0, 2000, 480);
    bench.move({0, StripParameter::low}, 1.0, 12000, 480);
    const auto out = bench.play(frames).master[0];
    const Signal expected = delayed(input);
    CHECK_FALSE(std::equal(out.begin() + 5000, out.begin() + 9000, expected.begin() + 5000));
    // 480 frames of ramp, 100 ms until the isolator goes, a period to notice, 20 ms of blend
    CHECK(std::equal(out.begin() + 11000 + 480 + 4800 + 128 + 960 + 64, out.end(),
                     expected.begin() + 11000 + 480 + 4800 + 128 + 960 + 64));
}

TEST_CASE("one bad deck neither silences nor deafens the others") {
    constexpr std::size_t frames = 9600;
    const Signal music = sine_wave(440.0, frames);
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -1e38F, 17.0F}) {
        BenchMixer bench{2};
        bench.feed(0, music);
        Signal broken = sine_wave(330.0, frames, 0.1);
        std::fill(broken.begin() + 3000, broken.begin() + 4000, bad);
        bench.feed(1, broken);
        bench.move({1, StripParameter::mid}, 0.5, 1500, 100);  // the EQ must not swallow it either
        const auto out = bench.play(frames).master[0];
        const Signal expected = delayed(music);
        for (std::size_t i = delay; i < frames; ++i) {
            REQUIRE(std::isfinite(out[i]));
            REQUIRE(std::fabs(out[i] - expected[i]) < 0.3F);  // the other strip, at most 0.1 and its filter's ringing
        }
        const MeterReport meters = bench.mixer.take_meters();
        CHECK(meters.strips[1].cleaned == 2000);
        CHECK(meters.strips[0].cleaned == 0);
        for (std::size_t i = 6000; i < frames; ++i) {  // and the strip itself is back
            REQUIRE(std::fabs(out[i] - expected[i]) < 0.11F);
        }
    }
}

TEST_CASE("knobs and switches don't click") {
    for (const double hertz : {60.0, 440.0, 1500.0}) {
        CAPTURE(hertz);
        BenchMixer bench{1};
        bench.feed(0, sine_wave(hertz, 40000));
        bench.move(fader(0), 0.1, 6000, 480, FadeShape::smooth);
        bench.move({0, StripParameter::trim}, 2.0, 10000, 480, FadeShape::smooth);
        bench.move({0, StripParameter::mute}, 0.0, 15000, 480, FadeShape::smooth);
        bench.move({0, StripParameter::mute}, 1.0, 18000, 480, FadeShape::smooth);
        bench.move(ParameterId{MixerParameter::master}, 0.5, 22000, 480, FadeShape::smooth);
        bench.move({0, StripParameter::pfl}, 1.0, 26000, 480, FadeShape::smooth);
        bench.move(ParameterId{MixerParameter::cue_mix}, 0.5, 30000, 480, FadeShape::smooth);
        const auto out = bench.play(40000);
        CHECK(roughness(out.master[0], 200) < click_at_80_db);
        CHECK(roughness(out.phones[0], 200) < click_at_80_db);
    }
}

TEST_CASE("PFL hears a strip before its fader, and the cue mix goes from it to the master") {
    BenchMixer bench{2};
    const Signal a = noise(8000, 1);
    const Signal b = noise(8000, 2);
    bench.feed(0, a);
    bench.feed(1, b);
    bench.mixer.parameters()[fader(1)].reset(0.0F);
    bench.mixer.parameters()[ParameterId{1, StripParameter::pfl}].reset(1.0F);
    auto out = bench.play(4000);
    for (std::size_t i = delay; i < 4000; ++i) {
        REQUIRE(out.phones[0][i] == b[i - delay]);  // the fader is down, the phones hear it, aligned with the master
        REQUIRE(out.master[0][i] == a[i - delay]);
    }
    bench.mixer.parameters()[ParameterId{MixerParameter::cue_mix}].reset(1.0F);
    out = bench.play(4000);
    CHECK(std::equal(out.phones[0].begin(), out.phones[0].end(), out.master[0].begin()));
}

TEST_CASE("the limiter lets nothing past its ceiling and leaves everything below it alone") {
    constexpr std::size_t frames = 48000;
    for (const float ceiling : {1.0F, 0.5F}) {
        BenchMixer bench{1};
        bench.mixer.set_limiter(true, ceiling);
        Signal hot = noise(frames, 3, 0.3F);
        for (std::size_t i = 10000; i < 10050; ++i) {
            hot[i] *= 12.0F;
        }
        hot[20000] = -5.0F;  // a single peak
        bench.feed(0, hot);
        const auto out = bench.play(frames, 100).master[0];
        for (const float sample : out) {
            REQUIRE(std::fabs(sample) <= ceiling);
        }
        const Signal expected = delayed(hot);
        CHECK(std::equal(out.begin(), out.begin() + 10000, expected.begin()));  // not touched before a peak's 64 frames
        const auto release_end = static_cast<std::ptrdiff_t>(out.size()) - 2000;
        CHECK(std::equal(out.begin() + release_end, out.end(), expected.begin() + release_end));
    }
}

TEST_CASE("the limiter works without an edge: a loud sine stays a sine") {
    BenchMixer bench{1};
    bench.feed(0, sine_wave(1000.0, 48000, 2.0));
    const auto out = bench.play(48000).master[0];
    CHECK(roughness(Signal(out.begin() + 4800, out.end())) < click_at_80_db);
}

TEST_CASE("switched off the limiter still delays by 64 frames, so that nothing shifts") {
    BenchMixer bench{1};
    bench.mixer.set_limiter(false, 1.0F);
    const Signal loud = sine_wave(100.0, 4800, 3.0);
    bench.feed(0, loud);
    const auto out = bench.play(4800).master[0];
    const Signal expected = delayed(loud);
    CHECK(std::equal(out.begin(), out.end(), expected.begin()));
}

TEST_CASE("meters read a full-scale sine as 0 dBFS peak, -3 dB RMS, and count what clips") {
    BenchMixer bench{2};
    bench.feed(0, sine_wave(1000.0, 4800, 1.0));
    bench.feed(1, Signal(4800, 1.5F));
    bench.mixer.parameters()[fader(1)].reset(0.0F);
    bench.play(4800);
    const MeterReport meters = bench.mixer.take_meters();
    CHECK(meters.strips[0].peak[0] == doctest::Approx(1.0).epsilon(1e-4));
    CHECK(meters.strips[0].mean_square[1] == doctest::Approx(0.5).epsilon(1e-3));
    CHECK(meters.strips[0].clipped == 0);
    CHECK(meters.strips[1].clipped == 2 * 4800);
    CHECK(meters.master.peak[0] == doctest::Approx(1.0).epsilon(1e-4));
    CHECK(bench.mixer.take_meters().strips[0].peak[0] == 0.0F);
}

TEST_CASE("crowdstream's EQ curve: 0 kills, 50 is flat, just above 0 is -24 dB, the rest is the boost") {
    const EqCurve plain;
    CHECK(plain.gain(0.0).value == 0.0F);
    CHECK(plain.gain(50.0).value == 1.0F);
    CHECK(plain.gain(100.0).value == 1.0F);
    CHECK(to_decibels(static_cast<double>(plain.gain(25.0).value)).value == doctest::Approx(-12.0));
    CHECK(to_decibels(static_cast<double>(plain.gain(1e-6).value)).value == doctest::Approx(-24.0));
    const EqCurve boosting{{6.0}};
    CHECK(to_decibels(static_cast<double>(boosting.gain(100.0).value)).value == doctest::Approx(6.0));
    CHECK(to_decibels(static_cast<double>(boosting.gain(75.0).value)).value == doctest::Approx(3.0));
    for (const double percent : {0.0, 10.0, 50.0, 80.0, 100.0}) {
        CHECK(boosting.percent(boosting.gain(percent)) == doctest::Approx(percent).epsilon(1e-4));
    }
}

TEST_CASE("a new server's frames void the scheduled moves and finish the running ones") {
    BenchMixer bench{1};
    bench.feed(0, Signal(20000, 0.5F));
    bench.move(fader(0), 0.25, 1000, 48000);
    bench.move(fader(0), 0.0, 90000, 48000);
    bench.play(4800);
    bench.mixer.prepare(48000.0);
    bench.frame = 12;
    const auto out = bench.play(4800).master[0];
    CHECK(out[delay] == 0.125F);
    CHECK(out[4799] == 0.125F);
}
