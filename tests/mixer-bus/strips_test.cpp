// SPDX-License-Identifier: GPL-3.0-or-later
// Pan, inserts, and clocks that have run for years.
#include "tests/mixer-bus/mixer_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

/// One strip with an insert, fed in periods; the return comes one period after the send, as JACK's loops do.
class InsertBench {
public:
    explicit InsertBench(std::size_t period) : period_{period} {}

    bool send_connected{true}, return_connected{true};
    float gain{1.0F};  ///< of what is inserted

    /// @returns the master's left
    Signal play(const Signal& input) {
        Signal out(input.size());
        Signal rest(period_);
        Signal phones(period_);
        for (std::size_t at = 0; at + period_ <= input.size(); at += period_) {
            const std::span<const float> in = std::span{input}.subspan(at, period_);
            const StereoIn inputs{in, in};
            StripInsert insert;
            Signal sent(period_);
            if (send_connected) {
                insert.send = {sent, rest};
            }
            if (return_connected) {
                insert.back = {coming_back_, coming_back_};
            }
            mixer_.process(JackFrame{frame_}, std::span{&inputs, 1}, {std::span{out}.subspan(at, period_), rest},
                           {phones, phones}, std::span{&insert, 1});
            frame_ += static_cast<std::int64_t>(period_);
            for (float& sample : sent) {
                sample *= gain;
            }
            coming_back_ = sent;
        }
        return out;
    }

private:
    std::size_t period_;
    Mixer mixer_{{.strips = 1}};
    std::int64_t frame_{1000};
    Signal coming_back_ = Signal(period_);
};

}  // namespace

TEST_CASE("in the middle pan changes no bit, at an end the other side is silent and its own untouched") {
    constexpr std::size_t frames = 9600;
    const Signal left = noise(frames, 1);
    const Signal right = noise(frames, 2);
    for (const double place : {-1.0, -0.5, 0.0, 0.5, 1.0}) {
        BenchMixer bench{1};
        bench.feed(0, left, right);
        bench.mixer.parameters()[ParameterId{0, StripParameter::pan}].reset(static_cast<float>(place));
        const auto out = bench.play(frames).master;
        const double quiet = std::cos(std::fabs(place) * std::numbers::pi / 2.0);
        for (std::size_t i = delay; i < frames; ++i) {
            const double gain_left = place > 0.0 ? quiet : 1.0;
            const double gain_right = place < 0.0 ? quiet : 1.0;
            if (place == 0.0) {
                REQUIRE(out[0][i] == left[i - delay]);
                REQUIRE(out[1][i] == right[i - delay]);
            }
            REQUIRE(std::fabs(out[0][i] - gain_left * left[i - delay]) < 1e-6);
            REQUIRE(std::fabs(out[1][i] - gain_right * right[i - delay]) < 1e-6);
        }
    }
}

TEST_CASE("a moving pan doesn't click, and is bit-exact again when it is back") {
    BenchMixer bench{1};
    bench.feed(0, sine_wave(440.0, 30000));
    bench.move({0, StripParameter::pan}, 1.0, 6000, 480, FadeShape::smooth);
    bench.move({0, StripParameter::pan}, 0.0, 12000, 480, FadeShape::smooth);
    const auto out = bench.play(30000).master;
    CHECK(roughness(out[0], 200) < click_at_80_db);
    CHECK(roughness(out[1], 200) < click_at_80_db);
    const Signal tone = sine_wave(440.0, 30000);
    for (std::size_t i = 16000; i < 30000; ++i) {
        REQUIRE(out[0][i] == tone[i - delay]);
    }
}

TEST_CASE("an insert that gives back what it is sent is bit for bit the strip, one period later") {
    for (const std::size_t period : {64U, 256U, 1024U}) {
        InsertBench bench{period};
        const Signal input = noise(48 * 1024, 3);
        const Signal out = bench.play(input);
        for (std::size_t i = 4096; i < input.size(); ++i) {
            REQUIRE(out[i] == input[i - delay - period]);
        }
    }
}

TEST_CASE("without a return the strip is as it is, whether or not something listens to the send") {
    InsertBench bench{128};
    bench.return_connected = false;
    const Signal input = noise(128 * 100, 4);
    const Signal out = bench.play(input);
    for (std::size_t i = delay; i < input.size(); ++i) {
        REQUIRE(out[i] == input[i - delay]);
    }
}

TEST_CASE("an insert comes and goes as a blend of 10 ms, then the strip is bit-exact again") {
    InsertBench bench{128};
    bench.gain = 0.0F;  // so that only the blend is heard
    bench.return_connected = false;
    constexpr std::size_t part = 128 * 100;
    const Signal tone = sine_wave(300.0, 3 * part);
    Signal out = bench.play(Signal(tone.begin(), tone.begin() + part));
    bench.return_connected = true;
    const Signal inserted = bench.play(Signal(tone.begin() + part, tone.begin() + 2 * part));
    out.insert(out.end(), inserted.begin(), inserted.end());
    bench.return_connected = false;
    const Signal last = bench.play(Signal(tone.begin() + 2 * part, tone.end()));
    out.insert(out.end(), last.begin(), last.end());
    CHECK(roughness(out, 200) < click_at_80_db);
    CHECK(std::all_of(out.begin() + part + 1000, out.begin() + 2 * part, [](float x) { return x == 0.0F; }));
    for (std::size_t i = 2 * part + 1000; i < out.size(); ++i) {
        REQUIRE(out[i] == tone[i - delay]);
    }
}

TEST_CASE("what an insert gives back is cleaned, and counted as the strip's") {
    Mixer mixer{{.strips = 1}};
    const Signal silence(256);
    const Signal bad(256, std::numeric_limits<float>::quiet_NaN());
    Signal out(256);
    Signal other(256);
    const StereoIn inputs{silence, silence};
    StripInsert insert;
    insert.back = {bad, bad};
    for (std::int64_t i = 0; i < 8; ++i) {
        mixer.process(JackFrame{256 * i}, std::span{&inputs, 1}, {out, other}, {other, other}, std::span{&insert, 1});
        REQUIRE(std::all_of(out.begin(), out.end(), [](float x) { return x == 0.0F; }));
    }
    CHECK(mixer.take_meters().strips[0].cleaned == std::uint64_t{8} * 2 * 256);
}

TEST_CASE("counts survive reports that nobody took, and a new server") {
    BenchMixer bench{1};
    bench.feed(0, Signal(9600, 1.5F));
    bench.play(4800);
    (void)bench.mixer.take_meters();  // lost
    bench.mixer.prepare(44100.0);
    bench.play(4800);
    CHECK(bench.mixer.take_meters().strips[0].clipped == 2 * 9600);
}

TEST_CASE("after years the mix is bit-exact and a fade at its closed form") {
    constexpr std::int64_t year = 365LL * 86400 * 48000;
    for (const std::int64_t begin : {year, 100 * year, (std::int64_t{1} << 53) + 1}) {
        BenchMixer bench{1};
        bench.frame = begin;
        const Signal input = noise(48000, 9);
        bench.feed(0, input);
        bench.move(ParameterId{0, StripParameter::fader}, 0.0, begin + 24000, 4800);
        const auto out = bench.play(48000).master[0];
        for (std::size_t i = delay; i < 48000; ++i) {
            const double t = std::clamp((static_cast<double>(i - delay) - 24000.0) / 4800.0, 0.0, 1.0);
            REQUIRE(std::fabs(out[i] - input[i - delay] * (1.0 - t)) < 1e-6);
        }
    }
}
