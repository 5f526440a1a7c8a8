// SPDX-License-Identifier: GPL-3.0-or-later
// MIDI clock and bar, beat, tick off the tempo line, by the frame.
#include "bpm-follower/bbt.hpp"
#include "bpm-follower/conductor.hpp"
#include "bpm-follower/midi_clock.hpp"
#include "bpm-follower/outside_tempo.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <utility>
#include <vector>

using namespace crowdjack;

namespace {

struct Heard {
    std::int64_t frame;
    std::uint8_t status;
    std::array<std::uint8_t, 3> bytes;
};

TempoMap ramp_and_back(JackFrame from) {
    TempoMap tempo;
    const TempoLine up{from, Beats{0.0}, Bpm{105.0}, from + Frames{480'000}, Bpm{130.0}, 48000.0};
    tempo.add(up);
    const JackFrame middle = from + Frames{500'000};
    tempo.add(TempoLine{middle, up.beat_at(middle), Bpm{130.0}, middle + Frames{480'000}, Bpm{105.0}, 48000.0});
    return tempo;
}

void run(MidiClock& clock, const TempoMap& tempo, JackFrame& now, JackFrame until, std::uint32_t period,
         std::vector<Heard>& heard) {
    while (now < until) {
        for (const auto& event : clock.cycle(tempo, now, period)) {
            REQUIRE(event.offset < period);
            heard.push_back({now.value + event.offset, event.bytes[0], event.bytes});
        }
        now = now + Frames{period};
    }
}

}  // namespace

TEST_CASE("24 ticks a beat, each on the frame the line gives it, through a ramp up and down") {
    for (const std::uint32_t period : {64U, 100U, 1024U, 8192U}) {
        CAPTURE(period);
        MidiClock clock;
        JackFrame now{0xFFFFF000};
        const auto tempo = ramp_and_back(now);
        std::vector<Heard> heard;
        run(clock, tempo, now, now + Frames{1'200'000}, period, heard);
        for (std::size_t i = 0; i < heard.size(); ++i) {
            REQUIRE(heard[i].status == 0xF8);
            const double meant = tempo.frame_of(Beats{static_cast<double>(i) / 24.0});
            CHECK(std::abs(static_cast<double>(heard[i].frame) - meant) <= 0.5 + 1e-6);
        }
        CHECK(heard.size() ==
              static_cast<std::size_t>(std::ceil(tempo.beat_at(static_cast<double>(now.value) - 0.5).value * 24.0)));
    }
}

TEST_CASE("no tick is doubled or lost when the line is announced anew again and again") {
    MidiClock clock;
    JackFrame now{0};
    TempoMap tempo;
    tempo.add(TempoLine{{0}, Beats{0.0}, Bpm{120.0}, {0}, Bpm{120.0}, 48000.0});
    std::vector<Heard> heard;
    for (int i = 1; i <= 500; ++i) {
        const JackFrame from = now + Frames{4800};
        const auto bpm = tempo.bpm_at(from);
        const auto beat = tempo.beat_at(static_cast<double>(from.value));
        tempo.add(TempoLine{from, beat, bpm, from + Frames{96'000}, Bpm{105.0 + (i * 7) % 26}, 48000.0});
        run(clock, tempo, now, now + Frames{1280}, 128, heard);
        tempo.forget_before(now);
    }
    for (std::size_t i = 1; i < heard.size(); ++i) {
        const auto distance = heard[i].frame - heard[i - 1].frame;
        CHECK(distance >= 48000 * 60 / 24 / 131);
        CHECK(distance <= 48000 * 60 / 24 / 104);
    }
}

TEST_CASE("Start comes half a tick before a bar's first tick") {
    MidiClock clock;
    JackFrame now{0};
    const auto tempo = ramp_and_back(now);
    std::vector<Heard> heard;
    run(clock, tempo, now, JackFrame{120'000}, 128, heard);
    clock.start();
    const auto before = heard.size();
    run(clock, tempo, now, JackFrame{400'000}, 128, heard);
    std::size_t starts = 0;
    for (std::size_t i = before; i < heard.size(); ++i) {
        if (heard[i].status == 0xFA) {
            ++starts;
            REQUIRE(i + 1 < heard.size());
            const double beat = tempo.beat_at(static_cast<double>(heard[i + 1].frame)).value;
            CHECK(std::abs(std::remainder(beat, 4.0)) < 1e-4);
            CHECK(heard[i + 1].frame - heard[i].frame > 400);
            CHECK(heard[i].frame - heard[i - 1].frame > 400);
        }
    }
    CHECK(starts == 1);
}

TEST_CASE("Continue says the song position of the tick that follows it, Stop comes at once") {
    MidiClock clock;
    JackFrame now{0};
    const auto tempo = ramp_and_back(now);
    std::vector<Heard> heard;
    run(clock, tempo, now, JackFrame{300'000}, 128, heard);
    clock.stop();
    run(clock, tempo, now, now + Frames{128}, 128, heard);
    bool stopped = false;
    for (const auto& each : heard) {
        stopped = stopped || each.status == 0xFC;
    }
    CHECK(stopped);
    heard.clear();
    clock.go_on();
    run(clock, tempo, now, now + Frames{48'000}, 128, heard);
    std::size_t at = 0;
    while (at < heard.size() && heard[at].status != 0xF2) {
        ++at;
    }
    REQUIRE(at + 2 < heard.size());
    const int position = heard[at].bytes[1] + 128 * heard[at].bytes[2];
    CHECK(heard[at + 1].status == 0xFB);
    CHECK(heard[at + 2].status == 0xF8);
    CHECK(tempo.beat_at(static_cast<double>(heard[at + 2].frame)).value ==
          doctest::Approx(position / 4.0).epsilon(1e-4));
}

TEST_CASE("after a missed second the next tick is where the line has it") {
    MidiClock clock;
    JackFrame now{0};
    const auto tempo = ramp_and_back(now);
    std::vector<Heard> heard;
    run(clock, tempo, now, JackFrame{48'000}, 128, heard);
    heard.clear();
    now = JackFrame{96'000};
    run(clock, tempo, now, JackFrame{144'000}, 128, heard);
    const auto first = std::ceil(tempo.beat_at(96'000.0 - 0.5).value * 24.0);
    CHECK(std::abs(static_cast<double>(heard.front().frame) - tempo.frame_of(Beats{first / 24.0})) <= 0.5 + 1e-6);
    CHECK(heard.size() < 60);
}

TEST_CASE("without a line there is nothing to tick to") {
    MidiClock clock;
    CHECK(clock.cycle({}, JackFrame{0}, 128).empty());
}

TEST_CASE("bars and beats count from one, ticks from nought") {
    const auto first = BarBeatTick::of(Beats{0.0});
    CHECK(first.bar == 1);
    CHECK(first.beat == 1);
    CHECK(first.tick == 0);
    const auto later = BarBeatTick::of(Beats{4.0 * 7 + 2.5});
    CHECK(later.bar == 8);
    CHECK(later.beat == 3);
    CHECK(later.tick == 960);
    CHECK(later.bar_start_tick == 7 * 4 * 1920);
    CHECK(BarBeatTick::of(Beats{3.9999999999}).bar == 2);  // the rounding of a closed form is no reason to be late
    CHECK(BarBeatTick::of(Beats{-0.3}).bar == 1);
}

TEST_CASE("a clock that has run for a year ticks on the frame, and bars are counted as far as they go") {
    constexpr std::int64_t year = 365LL * 86'400 * 48'000;
    MidiClock clock;
    JackFrame now{year};
    TempoMap tempo;
    const double beat = 64'000'000.0;
    tempo.add(TempoLine{now, Beats{beat}, Bpm{122.0}, now, Bpm{122.0}, 48000.0});
    std::vector<Heard> heard;
    run(clock, tempo, now, now + Frames{480'000}, 1024, heard);
    CHECK(heard.size() >= 24 * 20);
    for (std::size_t i = 0; i < heard.size(); ++i) {
        const double meant = tempo.frame_of(Beats{beat + static_cast<double>(i) / 24.0});
        // A beat of 6.4e7 is known to 1.5e-8, which is 0.0004 frames at 122 BPM.
        CHECK(std::abs(static_cast<double>(heard[i].frame) - meant) <= 0.5 + 1e-3);
    }
    CHECK(BarBeatTick::of(Beats{beat}).bar == 16'000'001);
    for (const double much : {1e10, 1e12, 1e300}) {
        CHECK(BarBeatTick::of(Beats{much}).bar == 2'000'000'001);
        CHECK(BarBeatTick::of(Beats{much}).beat >= 1);
        CHECK(BarBeatTick::of(Beats{much}).beat <= 4);
    }
}

namespace {

/// A sequencer's clock: ticks at `bpm` with some jitter, from a Start at frame 100,000 on.
struct Sequencer {
    double bpm{126.0}, jitter_frames{24.0};  ///< half a millisecond
    std::mt19937 random{3};
    double next{100'000.0};
    bool started{false};

    void play_until(MidiClockIn& clock, JackFrame now) {
        std::uniform_real_distribution<double> jitter{-jitter_frames, jitter_frames};
        if (!std::exchange(started, true)) {
            clock.take({JackFrame{99'999}, 0xFA, 0});
        }
        while (next <= static_cast<double>(now.value)) {
            clock.take({JackFrame{std::llround(next + jitter(random))}, 0xF8, 0});
            next += 60.0 * 48'000.0 / bpm / 24.0;
        }
    }
};

}  // namespace

TEST_CASE("a MIDI clock's tempo is read to a hundredth of a BPM, and a clock that stops is nothing") {
    MidiClockIn clock{48'000.0};
    Sequencer sequencer;
    JackFrame now{100'000};
    CHECK_FALSE(clock.tempo(now).has_value());
    sequencer.play_until(clock, now + Frames{480'000});
    now = now + Frames{480'000};
    const auto heard = clock.tempo(now);
    REQUIRE(heard.has_value());
    CHECK(std::abs(heard->bpm - 126.0) < 0.05);
    CHECK(heard->quantum == 4.0);
    const double meant = static_cast<double>(heard->frame.value - 100'000) * 126.0 / 60.0 / 48'000.0;
    CHECK(std::abs(heard->beat - meant) < 0.002);
    CHECK_FALSE(clock.tempo(now + Frames{48'000}).has_value());
    clock.take({now + Frames{96'000}, 0xF2, 32});  // song position: two bars
    CHECK_FALSE(clock.tempo(now + Frames{96'000}).has_value());
}

TEST_CASE("the line comes to an outside clock's tempo and bar, follows its changes, and gives way to a person") {
    Conductor conductor{{}, 48'000.0};
    conductor.let_outside_lead();
    conductor.set_lead(Frames{7200});
    JackFrame now{50'000};
    conductor.begin(now, 48'000.0);
    CHECK(name_of(conductor.mode()) == "clock");
    MidiClockIn clock{48'000.0};
    Sequencer sequencer;
    const auto pass = [&](double seconds) {
        const JackFrame until = now + to_frames(Seconds{seconds}, 48'000.0);
        while (now < until) {
            now = now + Frames{4800};
            sequencer.play_until(clock, now);
            if (const auto heard = clock.tempo(now)) {
                conductor.hear_outside(now, *heard);
            }
            conductor.report(now, 0.8);  // the crowd is not asked
            conductor.tick(now);
        }
    };
    const auto off = [&] {
        const auto heard = clock.tempo(now);
        const double theirs =
            heard->beat + static_cast<double>((now - heard->frame).value) * heard->bpm / 60.0 / 48'000.0;
        return std::abs(std::remainder(theirs - conductor.beat_at(now).value, 4.0));
    };
    pass(30.0);
    CHECK(std::abs(conductor.bpm_at(now).value - 126.0) < 0.1);
    CHECK(off() < 0.01);
    sequencer.bpm = 122.0;
    pass(10.0);
    CHECK(std::abs(conductor.bpm_at(now).value - 122.0) < 0.1);
    CHECK(off() < 0.01);
    conductor.set(now, Bpm{110.0}, 0.0);
    pass(5.0);
    CHECK(conductor.bpm_at(now).value == 110.0);
    conductor.hold(now, false);
    CHECK(conductor.mode() == FollowerMode::clock);
    pass(20.0);
    CHECK(std::abs(conductor.bpm_at(now).value - 122.0) < 0.1);
    CHECK(off() < 0.01);
}
