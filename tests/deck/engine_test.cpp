// SPDX-License-Identifier: GPL-3.0-or-later
// What a deck sounds like, sample by sample, without a server.
#include "tests/deck/deck_rig.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <numbers>
#include <thread>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

TempoLine steady(std::int64_t from, double beat, double bpm) {
    return {JackFrame{from}, Beats{beat}, Bpm{bpm}, JackFrame{from}, Bpm{bpm}, DeckRig::rate};
}

/// A low sine bends little from sample to sample, so that any click stands out: its own third difference at 200 Hz and
/// half of full scale is -98 dBFS.
constexpr double low_tone = 200.0;
constexpr double click_db = -80.0;

}  // namespace

TEST_CASE("a deck told to start at a frame sounds its cue on exactly that sample, bit for bit") {
    for (const std::uint32_t period : {64U, 256U, 1024U}) {
        DeckRig rig{period};
        const std::int64_t start = rig.now() + 5 * period + 37;
        rig.play(rig.open(index_sound()), start, 4800.0);
        rig.run(5 * period + 8192);
        CHECK(rig.at(start - 1) == 0.0F);
        for (std::int64_t i = 0; i < 6000; ++i) {
            REQUIRE(index_of(rig.at(start + i)) == 4800 + i);
        }
        CHECK(rig.reported<Started>()->frame.value == start);
        CHECK(rig.reported<Started>()->late.value == 0);
    }
}

TEST_CASE("a start that comes late joins in phase instead of shifting") {
    DeckRig rig;
    const std::int64_t due = rig.now() - 10'000;
    rig.play(rig.open(index_sound()), due);
    rig.run(2048);
    CHECK(index_of(rig.at(due + 10'000 + 1000)) == 11'000);
    CHECK(rig.engine.late_starts() == 1);
}

TEST_CASE("a deck that missed cycles is in phase at the next one") {
    DeckRig rig;
    const std::int64_t start = rig.now() + 128;
    rig.play(rig.open(index_sound()), start);
    rig.run(4096);
    rig.miss(48'000);
    rig.run(4096);
    CHECK(index_of(rig.at(start + 2000)) == 2000);
    CHECK(index_of(rig.at(rig.now() - 100)) == rig.now() - 100 - start);
}

TEST_CASE("what sounds at a frame is the same to the last bit, whatever the period and whenever a line was heard") {
    // The last bits are the receipt: any other way to cut the motion into runs rounds differently somewhere.
    constexpr std::int64_t start = 101'000;
    constexpr std::int64_t length = 96'000;
    const TempoLine first = steady(0, 0.0, 118.0);
    const TempoLine up{JackFrame{110'000}, first.beat_at(JackFrame{110'000}),
                       Bpm{118.0},         JackFrame{190'000},
                       Bpm{131.0},         DeckRig::rate};
    const TempoLine down{JackFrame{140'300},
                         up.beat_at(JackFrame{140'300}),
                         up.bpm_at(JackFrame{140'300}),
                         JackFrame{180'000},
                         Bpm{107.0},
                         DeckRig::rate};
    double file_rate = 44'100.0;
    SUBCASE("always below the file's rate") {}
    SUBCASE("through the speeds at which the kernel changes") { file_rate = 48'000.0; }
    const auto sound_of = [&](std::uint32_t period, std::int64_t lead, std::int64_t disturbed_at = 0) {
        DeckRig rig{period};
        rig.order(TakeLine{first, false});
        rig.play(rig.open(sine_sound(1000.0, file_rate), 60.0, file_rate), start);
        const auto announce = [&](const TempoLine& line) {
            rig.run(line.from().value - lead - rig.now());
            rig.order(TakeLine{line, false});
        };
        announce(up);
        if (disturbed_at > 0) {
            rig.run(disturbed_at - rig.now());
            rig.order(SetGain{1.0F, 0.0, true});
        }
        announce(down);
        rig.run(start + length - rig.now());
        return std::vector<float>{rig.from(start).begin(), rig.from(start).begin() + length};
    };
    const auto meant = sound_of(128, 9'000);
    for (const std::uint32_t period : {64U, 96U, 256U, 1024U}) {
        CAPTURE(period);
        const auto heard = sound_of(period, 5'000 + 7 * period);
        CHECK(std::equal(meant.begin(), meant.end(), heard.begin()));
    }
    for (const std::uint32_t period : {64U, 128U}) {  // with what was rendered ahead thrown away half-way
        CAPTURE(period);
        const auto heard = sound_of(period, 700, 121'500);  // the speed passes 1 at 122'300
        CHECK(std::equal(meant.begin(), meant.end(), heard.begin()));
    }
}

TEST_CASE("a playing track goes on through a cue until the start, which is exact") {
    DeckRig rig;
    rig.play(rig.open(index_sound()), rig.now());
    rig.run(1024);
    TrackStream* const next = rig.open([](std::int64_t frame) { return -static_cast<float>(frame + 1) / 0x1p23F; });
    rig.order(CueTrack{next, 100.0, std::nullopt});
    rig.run(1024);
    CHECK(index_of(rig.at(rig.now() - 1)) == 2047);
    const std::int64_t start = rig.now() + 500;
    rig.order(StartAt{JackFrame{start}, std::nullopt});
    rig.run(2048);
    CHECK(index_of(rig.at(start - 1)) == start - 1 - 100'000);
    CHECK(index_of(-rig.at(start + 1000)) == 100 + 1000);
}

TEST_CASE("a start waits for what was cued when it was ordered: another cue cancels it") {
    DeckRig rig;
    const std::int64_t start = rig.now();
    rig.play(rig.open(index_sound()), start);
    rig.run(4096);
    rig.order(CueTrack{rig.open(index_sound(), 60.0, DeckRig::rate, 10.0), 480'000.0, std::nullopt});
    const std::int64_t cancelled = rig.now() + 4096;
    rig.order(StartAt{JackFrame{cancelled}, std::nullopt});
    rig.run(1024);
    rig.order(CueTrack{rig.open(index_sound(), 60.0, DeckRig::rate, 2.0), 96'000.0, std::nullopt});
    rig.run(8192);
    CHECK(index_of(rig.at(cancelled + 1000)) == cancelled + 1000 - start);
    const std::int64_t next = rig.now() + 100;
    rig.order(StartAt{JackFrame{next}, std::nullopt});
    rig.run(2048);
    CHECK(index_of(rig.at(next + 1000)) == 96'000 + 1000);
}

TEST_CASE("a deck nudged while it waits starts shifted") {
    DeckRig rig;
    const std::int64_t start = rig.now() + 4096;
    rig.play(rig.open(index_sound()), start, 48'000.0);
    rig.run(1024);
    rig.order(NudgeBy{0.010});
    rig.run(1024);
    CHECK(rig.position() == 48'480.0);
    rig.run(4096);
    CHECK(index_of(rig.at(start + 10)) == 48'480 + 10);
}

TEST_CASE("two decks of different rates and tempos, swept 105-130-105, meet every beat together") {
    DeckRig a;
    DeckRig b{256};
    const TempoLine up{JackFrame{100'000},           Beats{0.0}, Bpm{105.0},
                       JackFrame{100'000 + 480'000}, Bpm{130.0}, DeckRig::rate};
    const JackFrame bend{100'000 + 480'000};
    const TempoLine down{bend, up.beat_at(bend), Bpm{130.0}, bend + Frames{480'000}, Bpm{105.0}, DeckRig::rate};
    for (DeckRig* rig : {&a, &b}) {
        rig->order(TakeLine{up, false});
        rig->order(TakeLine{down, false});
    }
    a.order(SetTrackBpm{100.0});
    b.order(SetTrackBpm{128.0});
    a.play(a.open(sine_sound(100.0), 60.0), 120'000);
    b.play(b.open(sine_sound(100.0, 44100.0), 60.0, 44100.0), 120'000);
    a.run(900'000);
    b.run(900'000);
    const double beats_a = a.position() / DeckRig::rate * 100.0 / 60.0;
    const double beats_b = b.position() / 44100.0 * 128.0 / 60.0;
    const auto line_beats = [&](const DeckRig& rig) {
        const auto frame = rig.engine.snapshot().frame;
        return (frame >= bend ? down.beat_at(frame) : up.beat_at(frame)).value - up.beat_at(JackFrame{120'000}).value;
    };
    CHECK(beats_a == doctest::Approx(line_beats(a)).epsilon(1e-11));
    CHECK(beats_b == doctest::Approx(line_beats(b)).epsilon(1e-11));
}

TEST_CASE("a line takes effect on the sample of its f0, in the middle of a cycle") {
    DeckRig rig{1024};
    rig.order(TakeLine{steady(rig.now() - 1, 0.0, 120.0), false});
    rig.play(rig.open([](std::int64_t frame) { return static_cast<float>(frame) * 1e-5F; }), rig.now());
    rig.run(4096);
    const std::int64_t f0 = rig.now() + 1500;
    rig.order(TakeLine{steady(f0, static_cast<double>(f0 - 99'999) / 24'000.0, 180.0), false});
    rig.run(4096);
    // A rising ramp tells its speed by its slope: 1 before, 1.5 after.
    const auto slope = [&](std::int64_t frame) { return (rig.at(frame + 64) - rig.at(frame)) / 64.0F * 1e5F; };
    CHECK(slope(f0 - 64) == doctest::Approx(1.0).epsilon(2e-3));
    CHECK(slope(f0) == doctest::Approx(1.5).epsilon(2e-3));
}

TEST_CASE("a line that comes after its own beginning is joined in phase, counted and told") {
    DeckRig rig;
    rig.order(TakeLine{steady(0, 0.0, 120.0), false});
    const std::int64_t start = rig.now() + 128;
    rig.play(rig.open(sine_sound(low_tone)), start);
    rig.run(4096);
    // The same tempo said again moves nothing and is no matter how late.
    rig.order(TakeLine{steady(1'200'000, 50.0, 120.0), false});
    rig.order(
        TakeLine{steady(start + 2000, 120.0 * static_cast<double>(start + 2000) / DeckRig::rate / 60.0, 120.0), false});
    rig.run(1024);
    CHECK(rig.engine.late_lines() == 0);
    const TempoLine faster{JackFrame{start + 1000},
                           Beats{120.0 * static_cast<double>(start + 1000) / DeckRig::rate / 60.0},
                           Bpm{132.0},
                           JackFrame{start + 1000},
                           Bpm{132.0},
                           DeckRig::rate};
    rig.order(TakeLine{faster, false});
    const std::int64_t heard = rig.now();
    rig.run(4096);
    CHECK(rig.engine.late_lines() == 1);
    REQUIRE(rig.reported<LateLine>());
    CHECK(rig.reported<LateLine>()->from.value == start + 1000);
    CHECK(rig.reported<LateLine>()->late.value == heard - start - 1000);
    const auto last = static_cast<double>(rig.now() - 128 - start);
    CHECK(rig.position() == doctest::Approx(1000.0 + (last - 1000.0) * 1.1).epsilon(1e-9));
}

TEST_CASE("unity with a line at the track's tempo is bit-exact, hours into it") {
    DeckRig rig{128, 3'000'000'000};
    rig.order(TakeLine{steady(1000, 77'777.25, 126.0), false});
    rig.order(SetTrackBpm{126.0});
    const std::int64_t start = rig.now() + 300;
    rig.play(rig.open(index_sound()), start, 1000.0);
    rig.run(9600);
    for (std::int64_t i = 0; i < 9000; ++i) {
        REQUIRE(index_of(rig.at(start + i)) == 1000 + i);
    }
}

TEST_CASE("loops wrap sample-exactly, for as long as they last, and play out when let go") {
    DeckRig rig{100};
    const std::int64_t start = rig.now();
    rig.play(rig.open(index_sound()), start, 500.0);
    rig.order(SetLoop{Trajectory::Loop{700.0, 1033.0}});
    rig.run(20'000);
    for (std::int64_t i = 0; i < 19'000; ++i) {
        const std::int64_t expected = 500 + i < 1033 ? 500 + i : 700 + (500 + i - 700) % 333;
        REQUIRE(index_of(rig.at(start + i)) == expected);
    }
    rig.order(SetLoop{std::nullopt});
    rig.run(2000);
    const std::int64_t last = *index_of(rig.at(rig.now() - 1));
    CHECK(last > 1500);
}

TEST_CASE("a whole track loops from its last sample to its first") {
    DeckRig rig;
    const std::int64_t start = rig.now();
    rig.play(rig.open(index_sound(), 1.0), start, 40'000.0);
    rig.order(SetLoop{Trajectory::Loop{0.0, 48'000.0}});
    rig.run(60'000);
    CHECK(index_of(rig.at(start + 7999)) == 47'999);
    CHECK(index_of(rig.at(start + 8000)) == 0);
    CHECK(index_of(rig.at(start + 56'000)) == 0);
}

TEST_CASE("a track ends on its last sample, and says so") {
    DeckRig rig;
    const std::int64_t start = rig.now() + 10;
    rig.play(rig.open(index_sound(), 0.5), start);
    rig.run(30'000);
    CHECK(index_of(rig.at(start + 23'999)) == 23'999);
    CHECK(rig.at(start + 24'000) == 0.0F);
    CHECK(rig.reported<Ended>().has_value());
    CHECK(rig.state() == DeckState::stopped);
    CHECK(rig.engine.starved_frames() == 0);
}

TEST_CASE("stop, seek, nudge, loops, gain, rate and tempo changes make no click") {
    DeckRig rig;
    rig.order(TakeLine{steady(rig.now(), 0.0, 120.0), false});
    rig.play(rig.open(sine_sound(low_tone), 60.0), rig.now());
    rig.run_seconds(0.5);
    const std::int64_t begin = rig.now();
    rig.order(SeekTo{480'000.0 + 60.0});
    rig.run_seconds(0.1);
    rig.order(NudgeBy{0.0123});
    rig.run_seconds(0.1);
    rig.order(SetGain{0.25F, 0.01, true});
    rig.run_seconds(0.1);
    rig.order(SetGain{1.0F, 0.05, false});
    rig.run_seconds(0.1);
    rig.order(SetRate{1.004});  // a step of speed bends a sine by itself: kept below what is measured
    rig.run_seconds(0.1);
    rig.order(TakeLine{steady(rig.now() + 1000,
                              rig.motion->mix.motion.tempo.beat_at(static_cast<double>(rig.now() + 1000)).value, 120.4),
                       false});
    rig.run_seconds(0.1);
    rig.order(TakeLine{steady(rig.now() - 3000, 70.0, 120.0), false});  // a line heard too late moves the playhead
    rig.run_seconds(0.1);
    rig.order(SetFollow{false});
    rig.run_seconds(0.1);
    rig.order(SeekTo{10'000.0});
    rig.run(256);
    rig.order(SeekTo{20'100.0});  // again before the first has faded
    rig.run(128);
    rig.order(SeekTo{30'050.0});
    rig.run_seconds(0.1);
    rig.order(StopAt{std::nullopt});
    rig.run_seconds(0.1);
    rig.order(StartAt{std::nullopt, std::nullopt});
    rig.run_seconds(0.1);
    const Bend bend = sharpest_bend(rig.from(begin));
    CAPTURE(bend.at);
    CHECK(bend.db < click_db);
    CHECK(rig.state() == DeckState::playing);
}

TEST_CASE("offline, what fades after a jump sounds to its end, also when its worker could not look for long") {
    DeckRig rig;
    const auto track = std::make_shared<FunctionTrack>(sine_sound(low_tone), 60 * 48'000, 48'000.0);
    TrackStream* const stream = rig.open(track);
    rig.play(stream, rig.now());
    rig.order(SeekTo{10.0 * 48'000.0});
    rig.run_seconds(0.5);
    REQUIRE(eventually([&] { return stream->windows().find(13 * 48'000 / TrackPage::frames - 1) != nullptr; }));
    track->freeze(true);
    rig.run(8'192, false);
    std::this_thread::sleep_for(std::chrono::milliseconds{200});  // the worker is held up by its storage now
    rig.run(2 * 48'000, false);
    REQUIRE(rig.engine.starved_frames() == 0);
    const std::int64_t begin = rig.now();
    rig.order(SeekTo{59.5 * 48'000.0});  // near the end, where little is wanted ahead, and the rest goes at once
    std::thread thaw{[&] {
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
        track->freeze(false);
    }};
    rig.run_seconds(0.1);
    thaw.join();
    const Bend bend = sharpest_bend(rig.from(begin - 1'000));
    CAPTURE(bend.at);
    CHECK(bend.db < click_db);
}

TEST_CASE("a stopped deck goes on from where it stopped; a started one begins again at its cue") {
    DeckRig rig;
    rig.play(rig.open(index_sound()), rig.now(), 2000.0);
    rig.run(4096);
    rig.order(StopAt{JackFrame{rig.now() + 64}});
    rig.run(1024);
    CHECK(rig.state() == DeckState::stopped);
    CHECK(rig.position() == 2000.0 + 4096.0 + 64.0);
    const std::int64_t again = rig.now() + 128;
    rig.order(StartAt{JackFrame{again}, std::nullopt});
    rig.run(2048);
    CHECK(index_of(rig.at(again + 1000)) == 2000 + 4096 + 64 + 1000);
    const std::int64_t anew = rig.now() + 128;
    rig.order(StartAt{JackFrame{anew}, std::nullopt});
    rig.run(2048);
    CHECK(index_of(rig.at(anew + 500)) == 2500);
}

TEST_CASE("a start and a stop ordered together play exactly what lies between; an earlier stop cancels the start") {
    DeckRig rig;
    const std::int64_t start = rig.now() + 1000;
    rig.play(rig.open(index_sound()), start);
    rig.order(StopAt{JackFrame{start + 3000}});
    rig.run(6000);
    CHECK(index_of(rig.at(start)) == 0);
    CHECK(index_of(rig.at(start + 3000 - 1)) == 2999);
    CHECK(rig.at(start + 3000 + 300) == 0.0F);
    const std::int64_t again = rig.now() + 2000;
    rig.order(StartAt{JackFrame{again}, std::nullopt});
    rig.order(StopAt{std::nullopt});
    rig.run(4000);
    CHECK(rig.at(again + 100) == 0.0F);
    CHECK(rig.state() == DeckState::stopped);
}

TEST_CASE("a beat-quantised start is held as a beat: it moves with the line") {
    DeckRig rig;
    rig.order(TakeLine{steady(rig.now(), 0.5, 120.0), false});
    rig.order(CueTrack{rig.open(index_sound()), 0.0, std::nullopt});
    rig.order(StartOnBeat{4.0});
    rig.run(1000);
    CHECK(rig.state() == DeckState::waiting);
    const std::int64_t f0 = rig.now() + 1000;
    const double b0 = 0.5 + static_cast<double>(f0 - 100'000) / 24'000.0;
    const TempoLine faster = steady(f0, b0, 240.0);
    rig.order(TakeLine{faster, false});
    rig.run(60'000);
    const std::int64_t due = std::llround(faster.frame_of(Beats{4.0}));
    CHECK(rig.at(due - 1) == 0.0F);
    CHECK(rig.at(due + 10) != 0.0F);
    CHECK(std::abs(rig.reported<Started>()->frame.value - due) <= 1);
}

TEST_CASE("stems and track start on one frame and are summed") {
    DeckRig rig;
    rig.order(LoadStem{0, rig.open([](std::int64_t frame) { return frame == 0 ? 0.25F : 0.0F; })});
    rig.order(LoadStem{15, rig.open([](std::int64_t frame) { return frame == 0 ? 0.125F : 0.0F; }, 10.0)});
    const std::int64_t start = rig.now() + 777;
    rig.play(rig.open([](std::int64_t frame) { return frame == 0 ? 0.5F : 0.0F; }), start);
    rig.run(2048);
    CHECK(rig.at(start) == 0.875F);
    CHECK(rig.at(start - 1) == 0.0F);
    CHECK(rig.at(start + 1) == 0.0F);
}

TEST_CASE("a stem plays by itself with its own rate, gain, loop and start") {
    DeckRig rig;
    TrackStream* const stem = rig.open([](std::int64_t frame) { return static_cast<float>(frame) * 1e-5F; }, 0.1);
    rig.order(LoadStem{3, stem});
    const std::int64_t start = rig.now() + 200;
    rig.order(PlayStem{3, 1.0, 0.5F, true, 2400.0, JackFrame{start}});
    rig.run(20'000);
    CHECK(rig.at(start - 1) == 0.0F);
    CHECK(rig.at(start + 100) == doctest::Approx(0.5 * 2500e-5).epsilon(1e-5));
    CHECK(rig.at(start + 2400 + 100) == doctest::Approx(0.5 * 100e-5).epsilon(1e-3));  // wrapped at its own end
    rig.order(SetStemGain{3, 1.0F});
    rig.run(2000);
    rig.order(StopStem{3});
    rig.run(2000);
    CHECK(rig.at(rig.now() - 1) == 0.0F);
    rig.order(StopStem{7});
    rig.run(128);
    CHECK(rig.reported<Refused>()->why == Refused::Why::no_stem);
}

TEST_CASE("a deck whose last stem was stopped has stopped") {
    DeckRig rig;
    rig.order(LoadStem{0, rig.open(sine_sound(low_tone))});
    rig.order(LoadStem{1, rig.open(sine_sound(low_tone))});
    rig.order(PlayStem{0, 1.0, 1.0F, false, 0.0, JackFrame{rig.now()}});
    rig.order(PlayStem{1, 1.0, 1.0F, false, 0.0, JackFrame{rig.now()}});
    rig.run(4800);
    const std::int64_t begin = rig.now();
    rig.order(StopStem{0});
    rig.run(4800);
    CHECK(rig.state() == DeckState::playing);
    rig.order(StopStem{1});
    rig.run(4800);
    CHECK(rig.state() == DeckState::stopped);
    CHECK(rig.reported<Stopped>());
    CHECK(!rig.reported<Ended>());
    CHECK(sharpest_bend(rig.from(begin)).db < click_db);
    rig.order(PlayStem{1, 1.0, 1.0F, false, 0.0, JackFrame{rig.now()}});
    rig.run(4800);
    CHECK(rig.state() == DeckState::playing);
}

TEST_CASE("storage that stalls for two seconds is not heard; a longer stall fades, is counted and recovers in phase") {
    DeckRig rig{1024};
    auto track = std::make_shared<FunctionTrack>(index_sound(), 48'000 * 60, 48'000.0);
    TrackStream* const stream = rig.open(track);
    const std::int64_t start = rig.now();
    rig.play(stream, start);
    rig.run(48'000);
    constexpr std::int64_t ahead = 119'000;  // what is there at least, when the storage stalls
    REQUIRE(eventually([&] { return stream->windows().find((48'000 + ahead) / TrackPage::frames) != nullptr; }));
    track->freeze(true);
    rig.run(96'000, false);
    CHECK(rig.engine.starved_frames() == 0);
    rig.run(72'000, false);
    CHECK(rig.engine.starved_frames() > 40'000);
    CHECK(rig.engine.starved_frames() <= 96'000 + 72'000 - ahead + 1024);
    track->freeze(false);
    REQUIRE(eventually([&] {
        rig.run(1024, false);
        return rig.at(rig.now() - 1) != 0.0F;
    }));
    rig.run(2048);
    CHECK(index_of(rig.at(rig.now() - 1)) == rig.now() - 1 - start);
    CHECK(rig.reported<Starved>().has_value());
}

TEST_CASE("a track cut off under the playhead fades within 10 ms at the end of what is resident, and says so") {
    DeckRig rig;
    auto track = std::make_shared<FunctionTrack>(sine_sound(low_tone), 48'000 * 60, 48'000.0);
    rig.play(rig.open(track), rig.now());
    rig.run(48'000);
    track->cut_off(200'000);
    const std::int64_t begin = rig.now();
    rig.run(200'000);
    CHECK(rig.reported<CutOff>().has_value());
    CHECK(rig.state() == DeckState::failed);
    const Bend bend = sharpest_bend(rig.from(begin));
    CAPTURE(bend.at);
    CHECK(bend.db < click_db);
    const std::int64_t end = 100'000 + 200'000;
    CHECK(std::abs(rig.at(end - 500)) + std::abs(rig.at(end - 560)) > 0.1F);
    CHECK(rig.at(end) == 0.0F);
}

TEST_CASE("the server's restart keeps the beat: with a line the deck waits for it and is in phase") {
    DeckRig rig;
    rig.order(TakeLine{steady(rig.now(), 8.0, 120.0), false});
    rig.play(rig.open(index_sound()), rig.now());
    rig.run(48'000);  // two beats
    rig.engine.prepare(DeckRig::rate);
    rig.run(4096);
    CHECK(rig.at(rig.now() - 1) == 0.0F);
    CHECK(rig.state() == DeckState::playing);
    const std::int64_t f0 = rig.now() + 1000;
    rig.order(TakeLine{steady(f0, 11.0, 120.0), false});  // the follower went on to beat 11
    rig.run(4096);
    CHECK(index_of(rig.at(f0 + 2000)) == 3 * 24'000 + 2000);
}

TEST_CASE(
    "a deck whose storage was slow as the server came back reads on where it stands, though the clock began anew") {
    DeckRig rig;
    const auto track = std::make_shared<FunctionTrack>(index_sound(), 60 * 48'000, DeckRig::rate);
    rig.play(rig.open(track));
    rig.run_seconds(10.0);
    track->freeze(true);
    rig.run(5 * 48'000, false);  // more than is read ahead
    REQUIRE(rig.engine.starved_frames() > 0);
    const auto place = static_cast<std::int64_t>(std::llround(rig.position())) + 128;
    rig.restart_server(1000);
    rig.run(1024, false);
    track->freeze(false);
    REQUIRE(eventually([&] {
        rig.run(128, false);
        return index_of(rig.left.back()).has_value();
    }));
    CHECK(index_of(rig.left.back()) == place + rig.now() - 1 - 1000);
}

TEST_CASE("ejecting fades out, forgets everything and gives the tracks back") {
    DeckRig rig;
    TrackStream* const stream = rig.open(sine_sound(low_tone));
    rig.play(stream, rig.now());
    rig.run(4800);
    rig.order(Eject{});
    rig.order(Retire{stream});
    rig.run(128);
    CHECK(!rig.reported<Released>());
    rig.run(1024);
    CHECK(rig.reported<Released>()->stream == stream);
    CHECK(rig.state() == DeckState::empty);
    CHECK(rig.at(rig.now() - 1) == 0.0F);
    CHECK(sharpest_bend(rig.left).db < click_db);
    rig.order(StartAt{});
    rig.run(128);
    CHECK(rig.reported<Refused>()->why == Refused::Why::nothing_cued);
}

TEST_CASE("frames wrap at 2^32 without a sound") {
    DeckRig rig{128, (std::int64_t{1} << 32) - 5000};
    const std::int64_t start = rig.now() + 128;
    rig.play(rig.open(index_sound()), start);
    rig.run(10'000);
    for (std::int64_t i = 0; i < 9000; ++i) {
        REQUIRE(index_of(rig.at(start + i)) == i);
    }
}

TEST_CASE("cycles of any length from 1 to 8192 frames, in any order, play the same samples") {
    const auto sound_of = [](const std::vector<std::uint32_t>& periods) {
        DeckRig rig;
        rig.order(TakeLine{steady(0, 0.0, 123.0), false});
        rig.play(rig.open(sine_sound(1000.0, 44'100.0), 60.0, 44'100.0), 101'000);
        for (std::size_t i = 0; rig.now() < 101'000 + 60'000; ++i) {
            rig.set_period(periods[i % periods.size()]);
            rig.run(1);
        }
        return std::vector<float>{rig.from(101'000).begin(), rig.from(101'000).begin() + 60'000};
    };
    const auto meant = sound_of({128});
    CHECK(meant == sound_of({64, 8192}));
    CHECK(meant == sound_of({8192, 1, 2, 3, 4095, 16}));
}

TEST_CASE("every command is answered, however many come at once") {
    DeckRig rig;
    rig.play(rig.open(index_sound()), rig.now());
    rig.run(1024);
    // More than the reports' queue holds, which nobody fetches meanwhile; what can't be answered yet waits in the queue
    // of commands, so that both together must have room.
    constexpr std::size_t burst = 170;
    for (int round = 0; round < 4; ++round) {
        for (std::size_t i = 0; i < burst; ++i) {
            rig.order(NudgeBy{0.0});
        }
        rig.run_blind(128);
    }
    rig.reports.clear();
    rig.run(20 * 128);
    const auto answers = std::count_if(rig.reports.begin(), rig.reports.end(),
                                       [](const DeckReport& report) { return std::holds_alternative<Done>(report); });
    CHECK(answers == 4 * burst);
}

TEST_CASE("a new clock voids what was to come at a frame, says so, and keeps a start on a beat") {
    DeckRig rig;
    rig.order(TakeLine{steady(rig.now(), 8.0, 120.0), false});
    rig.order(CueTrack{rig.open(index_sound()), 0.0, std::nullopt});
    rig.order(StartAt{JackFrame{rig.now() + 50'000}, std::nullopt});
    rig.run(1024);
    rig.engine.prepare(DeckRig::rate);
    rig.run(1024);
    CHECK(rig.reported<Voided>()->frame.value == 100'000 + 50'000);
    CHECK(rig.state() == DeckState::cued);
    rig.order(TakeLine{steady(rig.now(), 9.0, 120.0), false});
    rig.order(StartOnBeat{4.0});  // at beat 12
    rig.run(1024);
    rig.engine.prepare(DeckRig::rate);
    rig.run(1024);
    CHECK(rig.state() == DeckState::waiting);
    const std::int64_t f0 = rig.now() + 1000;
    rig.order(TakeLine{steady(f0, 11.5, 120.0), false});
    rig.run(20'000);
    CHECK(rig.reported<Started>()->frame.value == f0 + 12'000);
}

TEST_CASE("decks with grids start beat on beat, and stay so through lines") {
    struct Case {
        double bpm, first_beat_s, cue_s;
    };
    for (const bool on_a_frame : {false, true}) {
        std::vector<double> phases;
        for (const Case& each : {Case{120.0, 0.31, 10.0}, Case{124.0, 0.07, 33.3}, Case{97.5, 1.9, 0.0}}) {
            DeckRig rig;
            rig.order(TakeLine{steady(rig.now(), 0.5, 122.0), false});
            const double cue = each.cue_s * DeckRig::rate;
            rig.order(
                CueTrack{rig.open(index_sound(), 60.0, DeckRig::rate, each.cue_s), cue, each.bpm, each.first_beat_s});
            if (on_a_frame) {
                rig.order(StartAt{JackFrame{rig.now() + 7777}, std::nullopt, true});
            } else {
                rig.order(StartOnBeat{4.0, true});
            }
            rig.run_seconds(3.0);
            REQUIRE(rig.state() == DeckState::playing);
            const TempoLine faster{JackFrame{rig.now() + 1000},
                                   rig.motion->mix.motion.tempo.beat_at(static_cast<double>(rig.now() + 1000)),
                                   Bpm{122.0},
                                   JackFrame{rig.now() + 50'000},
                                   Bpm{129.0},
                                   DeckRig::rate};
            for (int look = 0; look < 3; ++look) {
                const Trajectory& motion = rig.motion->mix.motion;
                const auto frame = static_cast<double>(rig.now());
                const double track_beat =
                    (motion.source_at(frame) / DeckRig::rate - each.first_beat_s) / 60.0 * each.bpm;
                const double off = track_beat - motion.tempo.beat_at(frame).value;
                CAPTURE(each.bpm);
                CHECK(std::abs(off - std::nearbyint(off)) < 1e-6);
                if (look == 0) {  // less than half a beat from the cue
                    const double begun = motion.anchor_source;
                    CHECK((std::abs(begun - cue) <= 30.0 / each.bpm * DeckRig::rate + 1.0 ||
                           begun < 60.0 / each.bpm * DeckRig::rate));
                    rig.order(TakeLine{faster, false});
                }
                rig.run_seconds(0.8);
            }
        }
    }
}

TEST_CASE("a deck without a grid, and a start that asks for no beat, begin exactly at the cue") {
    for (const bool has_grid : {false, true}) {
        DeckRig rig;
        rig.order(TakeLine{steady(rig.now(), 0.5, 120.0), false});
        rig.order(CueTrack{rig.open(index_sound()), 4800.0, 120.0, has_grid ? std::optional{0.2} : std::nullopt});
        const std::int64_t start = rig.now() + 1111;
        rig.order(StartAt{JackFrame{start}, std::nullopt, !has_grid});
        rig.run(8192);
        CHECK(index_of(rig.at(start + 500)) == 5300);
    }
}
