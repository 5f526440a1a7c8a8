// SPDX-License-Identifier: GPL-3.0-or-later
// What the read head does to sound, and where a trajectory stands.
#include "deck/render/ramp.hpp"
#include "deck/render/read_head.hpp"
#include "deck/render/trajectory.hpp"
#include "tests/deck/sine_fit.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <random>
#include <vector>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr double rate = 48000.0;
constexpr double plus_4_17_percent = 125.0 / 120.0;

SineFit sine_at(double hertz, double speed) {
    SineRun run{hertz / rate};
    return fit_sine(played(run, speed, 16384), hertz / rate * speed);
}

double level_db(double hertz, double speed) { return 20.0 * std::log10(sine_at(hertz, speed).amplitude / 0.5); }

/// What is left of a sine whose pitch lies above the output's Nyquist frequency, against its own level.
double alias_db(double hertz, double speed) {
    SineRun run{hertz / rate};
    return 20.0 * std::log10(rms(played(run, speed, 16384)) / (0.5 / std::numbers::sqrt2));
}

/// Source frames that tell their own index.
class IndexRun final : public SampleRun {
public:
    void gather(std::int64_t first, std::span<float> left, std::span<float> right) noexcept override {
        for (std::size_t i = 0; i < left.size(); ++i) {
            left[i] = static_cast<float>(first + static_cast<std::int64_t>(i)) / 0x1p23F;
            right[i] = -left[i];
        }
    }
};

TempoLine steady(std::int64_t from, double beat, double bpm) {
    return {JackFrame{from}, Beats{beat}, Bpm{bpm}, JackFrame{from}, Bpm{bpm}, rate};
}

}  // namespace

TEST_CASE("varispeed at +4.17 % keeps a 997 Hz sine clean to 100 dB and a 10 kHz sine to 90 dB") {
    CHECK(sine_at(997.0, plus_4_17_percent).snr_db() >= 100.0);
    CHECK(sine_at(10000.0, plus_4_17_percent).snr_db() >= 90.0);
}

TEST_CASE("a 44.1 kHz file on a 48 kHz server is as clean as varispeed") {
    CHECK(sine_at(997.0, 44100.0 / 48000.0).snr_db() >= 100.0);
    CHECK(sine_at(10000.0, 44100.0 / 48000.0).snr_db() >= 90.0);
}

TEST_CASE("varispeed at +4.17 % is flat to 0.1 dB up to 18 kHz") {
    for (double hertz = 20.0; hertz <= 18000.0; hertz *= 1.15) {
        CAPTURE(hertz);
        CHECK(std::abs(level_db(hertz, plus_4_17_percent)) <= 0.1);
    }
    CHECK(std::abs(level_db(18000.0, plus_4_17_percent)) <= 0.1);
    CHECK(std::abs(level_db(18000.0, 0.96)) <= 0.1);
}

TEST_CASE("a 44.1 kHz file is clean and flat to the pass band's end, and the lower half of it far flatter") {
    constexpr double speed = 44100.0 / 48000.0;
    CHECK(sine_at(0.409 * rate, speed).snr_db() >= 100.0);
    CHECK(std::abs(level_db(0.409 * rate, speed)) <= 0.02);
    for (double hertz = 20.0; hertz <= 0.1 * rate; hertz *= 1.3) {
        CAPTURE(hertz);
        CHECK(std::abs(level_db(hertz, speed)) <= 0.001);
    }
}

TEST_CASE("what would fold back at higher speeds is gone: the cutoff follows the speed") {
    CHECK(alias_db(15000.0, 2.0) <= -90.0);
    CHECK(alias_db(10000.0, 4.0) <= -90.0);
    CHECK(alias_db(23000.0, 1.25) <= -90.0);
    CHECK(alias_db(4000.0, 16.0) <= -90.0);
}

TEST_CASE("at unity on whole frames samples are copied bit for bit") {
    IndexRun run;
    ReadHead head{SincBank::shared()};
    const auto scratch = std::make_unique<ReadHead::Scratch>();
    std::array<float, 300> left{};
    std::array<float, 300> right{};
    head.render({{4711.0, 1.0, 0.0}, left.size()}, 0, run, *scratch, left, right);
    for (std::size_t i = 0; i < left.size(); ++i) {
        REQUIRE(left[i] == static_cast<float>(4711 + i) / 0x1p23F);
        REQUIRE(right[i] == -left[i]);
    }
}

TEST_CASE("a kernel change in the middle of a speed ramp leaves no edge") {
    SineRun run{1000.0 / rate};
    ReadHead head{SincBank::shared()};
    const auto scratch = std::make_unique<ReadHead::Scratch>();
    std::vector<float> left(48000);
    std::vector<float> right(48000);
    // 0.9 to 2.4 within a second, through many kernels
    const PositionCurve whole{0.0, 0.9, 0.75 / 48000.0};
    for (std::size_t done = 0; done < left.size(); done += 128) {
        head.render({whole.from(static_cast<double>(done)), 128}, 0, run, *scratch, {left.data() + done, 128},
                    {right.data() + done, 128});
    }
    double worst = 0.0;
    for (std::size_t i = 0; i < left.size(); ++i) {
        const double phase = 1000.0 / rate * whole.at(static_cast<double>(i));
        const double ideal = 0.5 * std::sin(2.0 * std::numbers::pi * (phase - std::floor(phase)));
        worst = std::max(worst, std::abs(static_cast<double>(left[i]) - ideal));
    }
    CHECK(20.0 * std::log10(worst) < -80.0);
}

TEST_CASE("one run may be as long as JACK's longest period and as fast as anybody can ask") {
    SineRun run{100.0 / rate};
    for (const double speed : {0.01, 0.25, 16.0, 80.0}) {
        const auto sound = played(run, speed, 8192);
        CHECK(std::all_of(sound.begin(), sound.end(), [](float x) { return std::abs(x) < 1.0F; }));
    }
}

TEST_CASE("a position curve goes through its three points and tells copies from the rest") {
    const PositionCurve curve = PositionCurve::through(10.0, 12.6, 15.3, 5.0);
    CHECK(curve.at(0.0) == doctest::Approx(10.0));
    CHECK(curve.at(2.5) == doctest::Approx(12.6));
    CHECK(curve.at(5.0) == doctest::Approx(15.3));
    CHECK(curve.from(2.0).at(3.0) == doctest::Approx(15.3));
    CHECK(PositionCurve{7.0, 1.0, 0.0}.is_copy(8192.0));
    CHECK(!PositionCurve{7.5, 1.0, 0.0}.is_copy(64.0));
    CHECK(!PositionCurve{7.0, 1.001, 0.0}.is_copy(64.0));
}

TEST_CASE("following a line, a beat of the line is a beat of the track") {
    Trajectory motion;
    motion.track_bpm = 100.0;
    motion.file_rate = 44100.0;
    motion.server_rate = rate;
    motion.tempo.add({JackFrame{0}, Beats{0.0}, Bpm{105.0}, JackFrame{480000}, Bpm{130.0}, rate});
    motion.anchor(JackFrame{1000}, 500.0);
    const Beats begin = motion.tempo.beat_at(1000.0);
    for (const double beats : {1.0, 4.0, 17.0, 100.0}) {
        const double frame = motion.tempo.frame_of(begin + Beats{beats});
        CHECK(motion.source_at(frame) == doctest::Approx(500.0 + beats * 0.6 * 44100.0).epsilon(1e-12));
        CHECK(motion.frame_of(500.0 + beats * 0.6 * 44100.0) == doctest::Approx(frame).epsilon(1e-12));
    }
}

TEST_CASE("without a line a deck plays at unity times its rate, whatever the track's tempo") {
    Trajectory motion;
    motion.track_bpm = 174.0;
    motion.file_rate = 44100.0;
    motion.server_rate = rate;
    motion.rate = 1.25;
    motion.anchor(JackFrame{100}, 0.0);
    CHECK(motion.source_at(48100.0) == doctest::Approx(44100.0 * 1.25));
    CHECK(motion.speed_at(JackFrame{0}) == doctest::Approx(44100.0 / rate * 1.25));
}

TEST_CASE("two decks stay together for a day of lines that come and go") {
    std::mt19937 random{7};
    std::uniform_real_distribution<double> tempo{105.0, 130.0};
    Trajectory early;
    early.server_rate = rate;
    early.tempo.add(steady(0, 0.0, 120.0));
    early.anchor(JackFrame{0}, 0.0);
    TempoLine line = early.tempo[0];
    Trajectory late = early;
    for (std::int64_t at = 480000; at < 86400LL * 48000; at += 480000 * 7) {
        const JackFrame from{at};
        line = {from, line.beat_at(from), line.bpm_at(from), from + Frames{1440000}, Bpm{tempo(random)}, rate};
        early.add_line(line, from - Frames{12000}, false);
        if ((at / 480000) % 3 == 0) {
            late.add_line(line, from + Frames{77}, false);  // hears every third line only, and too late
        }
    }
    late.add_line(line, line.from() + Frames{1000}, false);
    const double now = static_cast<double>(line.from().value) + 5000.0;
    CHECK(std::abs(early.source_at(now) - late.source_at(now)) < 1e-4);
    // and against the closed form over the beat: nothing accumulated
    CHECK(early.source_at(now) == doctest::Approx(line.beat_at(now).value * 24000.0).epsilon(1e-13));
}

TEST_CASE("the first line takes effect at its first frame, and the deck goes on from where it is") {
    Trajectory motion;
    motion.server_rate = rate;
    motion.anchor(JackFrame{0}, 0.0);
    motion.add_line(steady(20000, 400.0, 150.0), JackFrame{10000}, false);
    CHECK(motion.source_at(10000.0) == doctest::Approx(10000.0));
    CHECK(motion.source_at(20000.0) == doctest::Approx(20000.0));
    CHECK(motion.source_at(20800.0) == doctest::Approx(21000.0));
}

TEST_CASE("a sender that counts beats its own way does not move the playhead") {
    Trajectory motion;
    motion.server_rate = rate;
    motion.tempo.add(steady(0, 0.0, 120.0));
    motion.anchor(JackFrame{0}, 0.0);
    const double before = motion.source_at(30000.0);
    motion.add_line(steady(40000, 9000.5, 120.0), JackFrame{30000}, true);
    CHECK(motion.source_at(30000.0) == doctest::Approx(before));
    CHECK(motion.source_at(50000.0) == doctest::Approx(50000.0));
}

TEST_CASE("an unfolded position wraps through a loop that was entered, and only then") {
    Trajectory motion;
    motion.loop = Trajectory::Loop{1000.0, 1500.0};
    motion.anchor_source = 200.0;
    CHECK(motion.fold(999.0) == 999.0);
    CHECK(motion.fold(1500.0) == 1000.0);
    CHECK(motion.fold(2749.25) == 1249.25);
    motion.anchor_source = 1500.0;
    CHECK(motion.fold(2749.25) == 2749.25);
}

TEST_CASE("re-anchoring in the middle of a ramp changes nothing") {
    Trajectory motion;
    motion.server_rate = rate;
    motion.tempo.add({JackFrame{0}, Beats{3.0}, Bpm{90.0}, JackFrame{96000}, Bpm{140.0}, rate});
    motion.anchor(JackFrame{0}, 0.0);
    const Trajectory moved = motion.anchored_at(JackFrame{50001});
    for (const double frame : {50001.0, 70000.0, 96000.0, 200000.0}) {
        CHECK(moved.source_at(frame) == doctest::Approx(motion.source_at(frame)).epsilon(1e-13));
    }
}

TEST_CASE("a ramp arrives exactly and has no edge") {
    Ramp ramp{0.0F};
    ramp.go(1.0F, 240);
    std::vector<float> left(480, 1.0F);
    std::vector<float> right(480, 1.0F);
    ramp.apply(left, right);
    CHECK(left[0] == 0.0F);
    CHECK(left[239] < 1.0F);
    CHECK(left[240] == 1.0F);
    CHECK(left[120] == doctest::Approx(0.5F));
    for (std::size_t i = 1; i + 1 < left.size(); ++i) {
        REQUIRE(std::abs(left[i + 1] - 2.0F * left[i] + left[i - 1]) < 2e-4F);
    }
}
