// SPDX-License-Identifier: GPL-3.0-or-later
// The tempo line: ramps, retargets, holds, bends and restarts, by the frame.
#include "bpm-follower/conductor.hpp"
#include "bpm-follower/lead_time.hpp"
#include "bpm-follower/state_text.hpp"
#include "common/error.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

using namespace crowdjack;

namespace {

constexpr double rate = 48000.0;
constexpr std::int64_t tick_frames = 480;

/// A conductor and the clock it lives on.
struct Floor {
    explicit Floor(const ConductorSettings& settings = {}, JackFrame start = {1'000'000})
        : conductor{settings, rate}, now{start} {
        conductor.set_lead(Frames{4800});
        conductor.begin(now, rate);
    }

    void pass(double seconds) {
        const auto until = now + to_frames(Seconds{seconds}, rate);
        while (now + Frames{tick_frames} <= until) {
            now = now + Frames{tick_frames};
            conductor.tick(now);
        }
    }

    /// Five equal reports, so that the median is theirs.
    void move(double movement) {
        for (int i = 0; i < 5; ++i) {
            conductor.report(now, movement);
        }
    }

    [[nodiscard]] double bpm() const { return conductor.bpm_at(now).value; }
    [[nodiscard]] double beat() const { return conductor.beat_at(now).value; }

    Conductor conductor;
    JackFrame now;
};

/// Hears every line as it is announced and adds it up as a deck does.
struct Receiver {
    explicit Receiver(Conductor& conductor) {
        conductor.on_decision([this, &conductor](const Decision& decision) {
            if (decision.kind != Decision::Kind::line) {
                return;
            }
            for (const auto& [serial, line] : conductor.announced().lines()) {
                if (static_cast<std::int32_t>(static_cast<std::uint32_t>(serial) -
                                              static_cast<std::uint32_t>(last_serial)) > 0) {
                    take(line);
                    last_serial = serial;
                }
            }
        });
        for (const auto& [serial, line] : conductor.announced().lines()) {
            tempo.add(line);
            last_serial = serial;
        }
    }

    void take(const TempoLine& line) {
        const double from = static_cast<double>(line.from().value);
        worst_beat = std::max(worst_beat, std::abs(line.start_beat().value - tempo.beat_at(from).value));
        worst_bpm = std::max(worst_bpm, std::abs(line.from_bpm().value - tempo.bpm_at(line.from()).value));
        tempo.add(line);
        most_held = std::max(most_held, tempo.size());
        ++lines;
    }

    TempoMap tempo;
    std::int32_t last_serial{};
    std::size_t lines{}, most_held{};
    double worst_beat{}, worst_bpm{};
};

}  // namespace

TEST_CASE("the line begins at the base tempo and beat 0, a lead ahead of now") {
    Floor floor;
    const auto& line = floor.conductor.announced().lines().front();
    CHECK(line.line.from() == floor.now + Frames{4800});
    CHECK(line.line.start_beat().value == 0.0);
    CHECK(line.line.from_bpm().value == 120.0);
    floor.pass(10.0);
    CHECK(floor.bpm() == 120.0);
    CHECK(floor.beat() == doctest::Approx((10.0 - 0.1) * 2.0).epsilon(1e-12));
}

TEST_CASE("120 to 130 takes 30 s from the frame the ramp begins at, straight") {
    Floor floor;
    floor.pass(5.0);
    floor.move(0.8);
    const JackFrame f0 = floor.conductor.announced().lines().back().line.from();
    CHECK(f0 == floor.now + Frames{4800});
    const double b0 = floor.conductor.beat_at(f0).value;
    for (int tenth = 0; tenth <= 400; ++tenth) {
        const double t = 0.1 * tenth;
        const JackFrame frame = f0 + to_frames(Seconds{t}, rate);
        const double ramped = std::min(t, 30.0);
        CHECK(floor.conductor.bpm_at(frame).value == doctest::Approx(120.0 + ramped / 3.0).epsilon(1e-12));
        const double beats = (120.0 * ramped + ramped * ramped / 6.0 + 130.0 * (t - ramped)) / 60.0;
        // 1e-9 beats is half a nanosecond.
        CHECK(std::abs(floor.conductor.beat_at(frame).value - b0 - beats) < 1e-9);
    }
    floor.pass(30.1);
    CHECK(floor.bpm() == 130.0);
}

TEST_CASE("up and down have their own times") {
    ConductorSettings settings;
    settings.up_s = 10.0;
    settings.down_s = 40.0;
    Floor floor{settings};
    floor.pass(1.0);
    floor.move(1.0);
    floor.pass(5.1);
    CHECK(floor.bpm() == doctest::Approx(125.0).epsilon(1e-3));
    floor.pass(6.0);
    CHECK(floor.bpm() == 130.0);
    floor.move(0.0);
    floor.pass(20.1);
    CHECK(floor.bpm() == doctest::Approx(117.5).epsilon(1e-3));
    floor.pass(21.0);
    CHECK(floor.bpm() == 105.0);
}

TEST_CASE("a small retarget the same way keeps the ramp's end, so that ramps finish") {
    Floor floor;
    floor.pass(1.0);
    floor.move(0.375);  // 124
    const JackFrame end = floor.conductor.announced().lines().back().line.to();
    for (const double movement : {0.395, 0.415, 0.435, 0.40}) {
        floor.pass(5.0);
        floor.move(movement);
        CHECK(floor.conductor.announced().lines().back().line.to() == end);
    }
    floor.pass(15.0);
    CHECK(floor.bpm() == floor.conductor.target().value);
}

TEST_CASE("a retarget of 2 BPM or the other way round starts a ramp of its own") {
    Floor floor;
    floor.pass(1.0);
    floor.move(0.375);  // 124
    floor.pass(10.0);
    floor.move(0.45);  // 126: 2 BPM more
    CHECK(floor.conductor.target().value == 126.0);
    CHECK(floor.conductor.announced().lines().back().line.to() ==
          floor.now + Frames{4800} + to_frames(Seconds{30.0}, rate));
    floor.pass(10.0);
    floor.move(0.12);  // 118: down
    CHECK(floor.conductor.announced().lines().back().line.to() ==
          floor.now + Frames{4800} + to_frames(Seconds{30.0}, rate));
}

TEST_CASE("beat and BPM never jump through 10,000 random retargets") {
    std::mt19937 random{5};
    std::uniform_real_distribution<double> movement{0.0, 0.7}, pause{0.0, 8.0}, shift{-0.5, 0.5};
    ConductorSettings settings;
    settings.stale_after_s = 7.0;
    Floor floor{settings, {0xFFFF0000}};
    Receiver deck{floor.conductor};
    double beat_before = floor.beat();
    std::size_t backward = 0;
    for (int i = 0; deck.lines < 10'000; ++i) {
        floor.conductor.report(floor.now, movement(random));
        if (i % 7 == 0) {
            floor.conductor.nudge(floor.now, Beats{shift(random)});
        }
        floor.pass(pause(random) < 7.0 ? 0.05 : 8.0);
        deck.tempo.forget_before(floor.now);
        backward += floor.beat() > beat_before ? 0U : 1U;
        beat_before = floor.beat();
    }
    // 1e-9 beats is half a nanosecond; the tempo is carried over exactly but for rounding.
    CHECK(deck.worst_beat < 1e-9);
    CHECK(deck.worst_bpm < 1e-9);
    CHECK(backward == 0);
    CHECK(deck.tempo.beat_at(static_cast<double>(floor.now.value)).value == floor.beat());
}

TEST_CASE("a crowd that hovers at a threshold makes no flapping") {
    std::mt19937 random{7};
    std::uniform_real_distribution<double> hover{0.0962, 0.1038};  // 10 % ± 0.38 %
    Floor floor;
    Receiver deck{floor.conductor};
    for (int second = 0; second < 600; ++second) {
        floor.conductor.report(floor.now, hover(random));
        floor.pass(1.0);
        deck.tempo.forget_before(floor.now);
    }
    // From 120 to 118 or by way of 115 up to 118, and there it stays.
    CHECK(deck.lines <= 2);
    CHECK(floor.bpm() == 118.0);
}

TEST_CASE("without reports the tempo goes back to the base, said once, and the next report is followed again") {
    Floor floor;
    int stale = 0;
    int again = 0;
    floor.conductor.on_decision([&](const Decision& decision) {
        stale += decision.kind == Decision::Kind::stale ? 1 : 0;
        again += decision.kind == Decision::Kind::heard_again ? 1 : 0;
    });
    floor.move(0.8);
    floor.pass(59.0);
    CHECK(floor.conductor.mode() == FollowerMode::follow);
    CHECK(floor.bpm() == 130.0);
    floor.pass(2.0);
    CHECK(floor.conductor.mode() == FollowerMode::stale);
    floor.pass(300.0);
    CHECK(floor.bpm() == 120.0);
    CHECK(stale == 1);
    floor.move(0.8);
    CHECK(floor.conductor.mode() == FollowerMode::follow);
    CHECK(again == 1);
    floor.pass(31.0);
    CHECK(floor.bpm() == 130.0);
}

TEST_CASE("a tempo set by hand is stepped to or ramped to, and movement moves nothing until the hold is off") {
    Floor floor;
    floor.pass(1.0);
    floor.conductor.set(floor.now, Bpm{126.0}, 0.0);
    const JackFrame f0 = floor.conductor.announced().lines().back().line.from();
    CHECK(floor.conductor.bpm_at(f0 - Frames{1}).value == 120.0);
    CHECK(floor.conductor.bpm_at(f0).value == 126.0);
    CHECK(floor.conductor.mode() == FollowerMode::manual);
    floor.move(0.0);
    floor.pass(100.0);
    CHECK(floor.bpm() == 126.0);
    floor.conductor.set(floor.now, Bpm{120.0}, 6.0);
    floor.pass(3.1);
    CHECK(floor.bpm() == doctest::Approx(123.0).epsilon(1e-9));
    floor.move(0.0);
    floor.conductor.hold(floor.now, false);
    CHECK(floor.conductor.mode() == FollowerMode::follow);
    floor.pass(40.0);
    CHECK(floor.bpm() == 105.0);
}

TEST_CASE("a jump steps at once and the crowd keeps the lead: its next report moves on from there") {
    Floor floor;
    floor.move(0.45);
    floor.pass(40.0);
    REQUIRE(floor.bpm() == 126.0);
    floor.conductor.jump(floor.now, Bpm{110.0});
    floor.pass(0.2);
    CHECK(floor.bpm() == 110.0);
    CHECK(floor.conductor.mode() == FollowerMode::follow);
    floor.conductor.report(floor.now, 0.45);  // the movement is what it was
    CHECK(floor.conductor.target().value == 126.0);
    floor.pass(15.1);
    CHECK(floor.bpm() == doctest::Approx(118.0).epsilon(1e-3));
    floor.pass(15.1);
    CHECK(floor.bpm() == 126.0);
}

TEST_CASE("a jump without any crowd stays until there is one, and with one the base comes back as ever") {
    Floor floor;
    floor.conductor.jump(floor.now, Bpm{124.0});
    floor.pass(300.0);
    CHECK(floor.bpm() == 124.0);
    CHECK(floor.conductor.mode() == FollowerMode::follow);
    floor.move(0.8);
    floor.pass(40.0);
    CHECK(floor.bpm() == 130.0);
    floor.conductor.jump(floor.now, Bpm{124.0});
    floor.pass(100.0);
    CHECK(floor.conductor.mode() == FollowerMode::stale);
    CHECK(floor.bpm() == 120.0);
}

TEST_CASE("a jump while a person leads leaves the lead with the person") {
    Floor floor;
    floor.conductor.set(floor.now, Bpm{126.0}, 0.0);
    floor.pass(1.0);
    floor.conductor.jump(floor.now, Bpm{122.0});
    floor.pass(1.0);
    floor.move(0.8);
    floor.pass(40.0);
    CHECK(floor.bpm() == 122.0);
    CHECK(floor.conductor.mode() == FollowerMode::manual);
}

TEST_CASE("while a person leads, one line a minute says how many reports moved nothing") {
    Floor floor;
    std::vector<std::uint64_t> said;
    floor.conductor.on_decision([&](const Decision& decision) {
        if (decision.kind == Decision::Kind::ignored) {
            said.push_back(decision.reports);
        }
    });
    floor.conductor.report(floor.now, 0.4);
    CHECK(said.empty());
    floor.conductor.set(floor.now, Bpm{126.0}, 0.0);
    for (int i = 0; i < 180; ++i) {
        floor.conductor.report(floor.now, 0.4);
        floor.pass(1.0);
    }
    CHECK(said == std::vector<std::uint64_t>{1, 60, 60});
    floor.conductor.hold(floor.now, false);
    floor.conductor.report(floor.now, 0.4);
    CHECK(said.size() == 3);
    CHECK(floor.conductor.ignored_reports() == 180);
}

TEST_CASE("after a year of frames ramps, nudges and beats are as exact as on the first day") {
    constexpr std::int64_t year = 365LL * 86'400 * 48'000;
    ConductorState old;
    old.beat = Beats{6.4e7};  // a year at 122 BPM
    old.serial = INT32_MAX - 2;
    old.bpm = old.target = Bpm{122.0};
    Conductor conductor{{}, rate};
    conductor.restore(old);
    conductor.set_lead(Frames{4800});
    JackFrame now{year};
    conductor.begin(now, rate);
    Receiver deck{conductor};
    double beat_before = conductor.beat_at(now).value;
    for (int i = 0; i < 6000; ++i) {
        now = now + Frames{4800};
        if (i % 600 == 0) {
            conductor.report(now, i % 1200 == 0 ? 0.8 : 0.0);
        }
        if (i % 700 == 0) {
            conductor.nudge(now, Beats{0.25});
        }
        conductor.tick(now);
        deck.tempo.forget_before(now);
        CHECK(conductor.beat_at(now).value > beat_before);
        beat_before = conductor.beat_at(now).value;
    }
    // A beat count near 6.4e7 is a double with steps of 1.5e-8.
    CHECK(deck.worst_beat < 1e-7);
    CHECK(deck.worst_bpm < 1e-9);
    CHECK(conductor.announced().serial() < 0);  // it wrapped, and every deck followed
    CHECK(deck.tempo.beat_at(static_cast<double>(now.value)).value == conductor.beat_at(now).value);
}

TEST_CASE("a hold on the heels of a step holds what was stepped to") {
    Floor floor;
    floor.pass(1.0);
    floor.conductor.set(floor.now, Bpm{110.0}, 0.0);
    floor.conductor.set(floor.now, Bpm{126.0}, 0.0);
    floor.conductor.hold(floor.now, true);
    floor.pass(1.0);
    CHECK(floor.bpm() == 126.0);
    CHECK(floor.conductor.mode() == FollowerMode::hold);
}

TEST_CASE("hold stops a ramp where it is and lets go to where the crowd is by then") {
    Floor floor;
    floor.pass(1.0);
    floor.move(1.0);
    floor.pass(15.0);
    floor.conductor.hold(floor.now, true);
    floor.pass(1.0);
    const double held = floor.bpm();
    CHECK(held == doctest::Approx(125.0).epsilon(1e-3));
    CHECK(floor.conductor.target().value == held);
    floor.pass(200.0);
    CHECK(floor.bpm() == held);
    floor.move(0.12);
    CHECK(floor.conductor.mode() == FollowerMode::hold);
    floor.conductor.hold(floor.now, false);
    floor.pass(31.0);
    CHECK(floor.bpm() == 118.0);
}

TEST_CASE("taps set the tempo from the third on") {
    Floor floor;
    CHECK_FALSE(floor.conductor.tap(floor.now, 10.0).has_value());
    CHECK_FALSE(floor.conductor.tap(floor.now, 10.48).has_value());
    CHECK(floor.conductor.tap(floor.now, 10.96)->value == doctest::Approx(125.0));
    CHECK(floor.conductor.tap(floor.now, 11.44)->value == doctest::Approx(125.0));
    CHECK_FALSE(floor.conductor.tap(floor.now, 20.0).has_value());  // a pause begins anew
    floor.pass(2.0);
    CHECK(floor.bpm() == doctest::Approx(125.0));
    CHECK(floor.conductor.mode() == FollowerMode::manual);
}

TEST_CASE("a nudge shifts the phase by exactly its beats, through a bend without a jump") {
    for (const double beats : {0.25, -0.1, 1.0, 0.001}) {
        CAPTURE(beats);
        Floor floor;
        Floor undisturbed;
        floor.pass(2.0);
        undisturbed.pass(2.0);
        floor.conductor.nudge(floor.now, Beats{beats});
        double before = floor.bpm();
        for (int i = 0; i < 1500; ++i) {
            floor.pass(0.01);
            undisturbed.pass(0.01);
            CHECK(std::abs(floor.bpm() - before) < 1.93);  // at the steepest 19.2 BPM in 0.1 s, a tick is 10 ms
            CHECK(floor.bpm() > 120.0 * 0.83);
            CHECK(floor.bpm() < 120.0 * 1.17);
            before = floor.bpm();
        }
        CHECK(floor.beat() - undisturbed.beat() == doctest::Approx(beats).epsilon(1e-9));
        CHECK(floor.bpm() == 120.0);
    }
}

TEST_CASE("nudges during a ramp, a retarget and another nudge keep all their beats") {
    Floor floor;
    Floor undisturbed;
    for (auto* each : {&floor, &undisturbed}) {
        each->pass(1.0);
        each->move(0.8);
        each->pass(10.0);
    }
    floor.conductor.nudge(floor.now, Beats{0.25});
    floor.pass(0.5);
    undisturbed.pass(0.5);
    floor.conductor.nudge(floor.now, Beats{0.25});
    for (auto* each : {&floor, &undisturbed}) {
        each->pass(0.5);
        each->move(0.02);
        each->pass(60.0);
    }
    // The retarget starts from the tempo under the bend, so the ramp is the same with and without.
    CHECK(floor.bpm() == undisturbed.bpm());
    CHECK(floor.beat() - undisturbed.beat() == doctest::Approx(0.5).epsilon(1e-6));
}

TEST_CASE("a storm of commands is announced at most each 20 ms, and the last one counts") {
    Floor floor;
    floor.pass(1.0);
    Receiver deck{floor.conductor};
    for (int i = 0; i < 10'000; ++i) {
        floor.conductor.set(floor.now, Bpm{100.0 + i % 50}, 0.0);
        floor.now = floor.now + Frames{48};
        if (i % 10 == 0) {
            floor.conductor.tick(floor.now);
        }
        deck.tempo.forget_before(floor.now);
    }
    floor.pass(1.0);
    CHECK(floor.bpm() == 149.0);
    CHECK(deck.lines <= 10'000 / 20 + 2);
    CHECK(deck.most_held <= 10);  // a deck can hold 16 to come
}

TEST_CASE("what comes too soon after a line waits, says so, and is announced at the first tick that may") {
    Floor floor;
    floor.pass(1.0);
    floor.conductor.set(floor.now, Bpm{121.0}, 0.0);
    CHECK_FALSE(floor.conductor.waits());
    const auto serial = floor.conductor.announced().serial();
    floor.conductor.set(floor.now, Bpm{123.0}, 0.0);
    CHECK(floor.conductor.waits());
    CHECK(floor.conductor.announced().serial() == serial);
    floor.conductor.tick(floor.now + to_frames(Seconds{Conductor::announce_apart_s}, rate));
    CHECK_FALSE(floor.conductor.waits());
    CHECK(floor.conductor.announced().serial() == serial + 1);
}

TEST_CASE("the line is anchored anew every hour and runs on the same through a day and the wrap of the frames") {
    Floor floor{{}, {0xFFFFFFFF - 480'000}};
    floor.conductor.set(floor.now, Bpm{125.0}, 0.0);
    floor.pass(1.0);
    const double beat = floor.beat();
    const auto serial = floor.conductor.announced().serial();
    floor.pass(24.0 * 3600.0);
    CHECK(floor.conductor.announced().serial() - serial >= 23);
    CHECK(to_seconds(floor.now - floor.conductor.announced().lines().front().line.from(), rate).value < 3601.0);
    CHECK(std::abs(floor.beat() - beat - 24.0 * 60.0 * 125.0) < 1e-6);
}

TEST_CASE("when the server returns with other frames, beat, tempo and ramp go on") {
    Floor floor;
    floor.pass(1.0);
    floor.move(0.8);
    floor.pass(15.1);
    // The clock ends between two ticks, and somebody was told the beat there.
    floor.now = floor.now + Frames{700};
    const double beat = floor.beat();
    const double bpm = floor.bpm();
    floor.conductor.end(floor.now);
    floor.now = JackFrame{77};
    floor.conductor.begin(floor.now, 44100.0);
    const auto& line = floor.conductor.announced().lines().front().line;
    CHECK(line.from().value == 77 + 4800);
    CHECK(line.start_beat().value == beat);
    CHECK(line.from_bpm().value == doctest::Approx(bpm));
    CHECK(to_seconds(line.to() - line.from(), 44100.0).value == doctest::Approx(15.0).epsilon(1e-3));
    CHECK(line.to_bpm().value == 130.0);
    CHECK(floor.conductor.mode() == FollowerMode::follow);
}

TEST_CASE("a restarted follower goes on with the line it finds, serial and all") {
    Floor before;
    before.pass(1.0);
    before.move(0.8);
    before.pass(10.0);
    Conductor after{{}, rate};
    after.set_lead(Frames{4800});
    after.continue_with(before.conductor.announced().lines(), before.now, rate);
    CHECK(after.beat_at(before.now) == before.conductor.beat_at(before.now));
    CHECK(after.bpm_at(before.now) == before.conductor.bpm_at(before.now));
    CHECK(after.target().value == 130.0);
    CHECK(after.announced().serial() == before.conductor.announced().serial());
    for (int i = 0; i < 5; ++i) {
        after.report(before.now, 0.0);
    }
    const auto& next = after.announced().lines().back();
    CHECK(next.serial == before.conductor.announced().serial() + 1);
    CHECK(next.line.start_beat() == before.conductor.beat_at(next.line.from()));
}

TEST_CASE("the saved state brings mode, tempo and lines back, if the server is still the same") {
    Floor floor;
    floor.pass(1.0);
    floor.conductor.set(floor.now, Bpm{126.0}, 20.0);
    floor.pass(5.0);
    const auto text = to_text({floor.conductor.state(floor.now), rate, 1000.0, {}});
    const auto saved = parse_state(text);
    CHECK(saved.conductor.mode == FollowerMode::manual);
    CHECK(saved.conductor.target.value == 126.0);
    const JackFrame later = floor.now + to_frames(Seconds{3.0}, rate);
    const auto lines = lines_if_same_server(saved, later, rate, 1003.0);
    REQUIRE(lines.has_value());
    Conductor next{{}, rate};
    next.restore(saved.conductor);
    next.continue_with(*lines, later, rate);
    CHECK(next.beat_at(later) == floor.conductor.beat_at(later));
    CHECK(next.mode() == FollowerMode::manual);
    // Another server: its clock doesn't fit the machine's.
    CHECK_FALSE(lines_if_same_server(saved, JackFrame{5000}, rate, 1003.0).has_value());
    CHECK_FALSE(lines_if_same_server(saved, later, 44100.0, 1003.0).has_value());
    // Then at least tempo and beat are as they were.
    Conductor anew{{}, rate};
    anew.set_lead(Frames{480});
    anew.restore(saved.conductor);
    anew.begin(JackFrame{5000}, rate);
    CHECK(anew.announced().lines().front().line.start_beat() == saved.conductor.beat);
    CHECK(anew.announced().lines().front().line.from_bpm() == saved.conductor.bpm);
    CHECK(anew.announced().serial() == saved.conductor.serial + 1);
    for (const auto* wrong : {"", "{}", "[]", R"({"mode": "x"})"}) {
        CHECK_THROWS_AS((void)parse_state(wrong), Failure);
    }
    // What could be no line on the wire is none in a file either.
    const auto with = [&text](const std::string& key, const std::string& value) {
        const auto at = text.find('"' + key + "\": ") + key.size() + 4;
        return text.substr(0, at) + value + text.substr(text.find_first_of(",\n", at));
    };
    CHECK_NOTHROW((void)parse_state(with("bpm0", "125.0")));
    const std::pair<const char*, const char*> wrong_numbers[] = {
        {"bpm0", "-5.0"}, {"bpm1", "1e6"}, {"b0", "1e300"}, {"beat", "1e300"}};
    for (const auto& wrong : wrong_numbers) {
        CAPTURE(wrong.first);
        CHECK_THROWS_AS((void)parse_state(with(wrong.first, wrong.second)), Failure);
    }
}

TEST_CASE("serials go on across the sign") {
    AnnouncedLines book;
    book.continue_serials_after(INT32_MAX);
    book.announce({TempoLine{{0}, {}, {120}, {0}, {120}, rate}});
    CHECK(book.serial() == INT32_MIN);
    AnnouncedLines found;
    found.adopt({{INT32_MAX, TempoLine{{0}, {}, {120}, {0}, {120}, rate}},
                 {INT32_MIN, TempoLine{{9}, {}, {120}, {9}, {120}, rate}}});
    CHECK(found.serial() == INT32_MIN);
}

TEST_CASE("the lead covers the decks' reserve and way, and stays below 250 ms for those a deck may keep") {
    LeadTime time;
    CHECK(time.lead(128, rate).value < 3840);  // nobody to wait for: 60 ms and a few periods
    time.expect("deck-A");
    CHECK(to_seconds(time.lead(128, rate), rate).value > 0.150);
    time.answered("deck-A", 0.001, {0.0, 0.0});
    CHECK(to_seconds(time.lead(128, rate), rate).value < 0.080);
    CHECK(to_seconds(time.lead(256, rate), rate).value > 0.050);  // a control thread may be held up
    time.answered("deck-A", 0.002, {0.06, 0.0});
    CHECK(to_seconds(time.lead(128, rate), rate).value > 0.060 + 0.004 + 0.050);
    time.answered("deck-B", 10.0, {9.0, 0.0});
    // 20 ms may pass before a command is announced.
    CHECK(to_seconds(time.lead(128, rate), rate).value + 0.020 <= 0.250);
    CHECK(to_seconds(time.lead(1024, rate), rate).value + 0.020 <= 0.250);
    CHECK(to_seconds(time.lead(1024, rate), rate).value > 0.180 + 2 * 1024 / rate);
    // A reserve that was deep a moment ago may be deep again.
    time.answered("deck-B", 0.001, {0.0, 0.0});
    CHECK(to_seconds(time.lead(128, rate), rate).value > 0.160);
    time.forget("deck-B");
    time.forget("deck-A");
    CHECK(time.lead(128, rate).value < 3840);
}

TEST_CASE("a deck that got a line too late is given more time, within what a command may take") {
    LeadTime time;
    time.answered("deck-A", 0.001, {0.0, 7.0});  // what was late before we came is no news
    const double usual = to_seconds(time.lead(128, rate), rate).value;
    time.answered("deck-A", 0.001, {0.0, 8.0});
    const double more = to_seconds(time.lead(128, rate), rate).value;
    CHECK(more > usual + 0.045);
    for (double late = 9.0; late < 30.0; ++late) {
        time.answered("deck-A", 0.001, {0.0, late});
    }
    CHECK(to_seconds(time.lead(128, rate), rate).value + 0.020 <= 0.250);
    for (int i = 0; i < 1000; ++i) {
        time.answered("deck-A", 0.001, {0.0, 29.0});
    }
    CHECK(to_seconds(time.lead(128, rate), rate).value < usual + 0.001);
}

TEST_CASE("of decks that disagree the one that heard the latest word is believed") {
    const AnnouncedLine old{7, TempoLine{{100}, {}, {120}, {100}, {120}, rate}};
    const AnnouncedLine fresh{8, TempoLine{{900}, Beats{1.0}, {120}, {900}, {130}, rate}};
    CHECK(latest_word({}).empty());
    CHECK(latest_word({{old}, {fresh, old}, {old}}).back().serial == 8);
    CHECK(latest_word({{old}, {fresh, old}, {old}}).front().serial == 7);
    CHECK(latest_word({{{INT32_MIN, fresh.line}}, {{INT32_MAX, old.line}}}).front().serial == INT32_MIN);
}
