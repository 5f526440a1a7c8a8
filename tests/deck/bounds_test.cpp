// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers inside the promised ranges, however absurd together: a deck sounds or is silent, and reads its windows only.
#include "tests/deck/deck_rig.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

/// Draws what commands may say, near the middle of its range and at its ends.
class Dice {
public:
    explicit Dice(unsigned seed) : random_{seed} {}

    double between(double low, double high) { return std::uniform_real_distribution<double>{low, high}(random_); }
    std::size_t choice(std::size_t count) { return std::uniform_int_distribution<std::size_t>{0, count - 1}(random_); }
    double bpm() { return pick({1.0, 1000.0, between(60.0, 200.0)}); }
    double beat() { return pick({-1e12, 1e12, 0.0, between(-1e6, 1e8)}); }
    double rate() { return pick({0.25, 4.0, 1.0}); }
    double pick(std::initializer_list<double> values) {
        return *(values.begin() + static_cast<long>(choice(values.size())));
    }

private:
    std::mt19937 random_;
};

constexpr double year_s = 365.0 * 86400.0;

bool all_finite(std::span<const float> samples) {
    return std::all_of(samples.begin(), samples.end(), [](float sample) { return std::abs(sample) <= 4.0F; });
}

/// One command of a hundred kinds of trouble.
void trouble(DeckRig& rig, Dice& dice, double length) {
    const std::int64_t now = rig.now();
    const auto some_frame = [&] { return JackFrame{now + std::llround(dice.between(-1e5, 1e5))}; };
    switch (dice.choice(10)) {
    case 0:
    case 1:
        rig.order(TakeLine{
            TempoLine{some_frame(), Beats{dice.beat()}, Bpm{dice.bpm()}, some_frame(), Bpm{dice.bpm()}, DeckRig::rate},
            dice.choice(2) == 0});
        break;
    case 2:
        rig.order(SeekTo{std::floor(dice.between(0.0, length))});
        break;
    case 3:
        rig.order(NudgeBy{dice.pick({-100.0, 100.0, 0.01})});
        break;
    case 4: {
        const double in = std::floor(dice.between(0.0, length - 100.0));
        rig.order(SetLoop{Trajectory::Loop{in, in + 48.0 + std::floor(dice.between(0.0, length - in - 50.0))}});
        break;
    }
    case 5:
        rig.order(SetRate{dice.rate()});
        break;
    case 6:
        rig.order(SetTrackBpm{dice.bpm()});
        break;
    case 7:
        rig.order(SetFollow{dice.choice(2) == 0});
        break;
    case 8:
        rig.order(StartAt{some_frame(), std::nullopt, dice.choice(2) == 0});
        break;
    default:
        rig.order(StartOnBeat{dice.pick({0.001, 4.0, 1e12}), true});
    }
}

}  // namespace

TEST_CASE("any lines, loops, seeks, rates and nudges, a year into a server's life, make no sound that isn't one") {
    for (unsigned seed = 1; seed <= 12; ++seed) {
        CAPTURE(seed);
        Dice dice{seed};
        const std::uint32_t period = static_cast<std::uint32_t>(1 + dice.choice(2048));
        DeckRig rig{period, std::llround(dice.pick({0.0, year_s * DeckRig::rate, 0x1p33, 0x1p45}))};
        const double file_rate = dice.pick({8000.0, 48000.0, 192000.0});
        TrackStream* const stream = rig.open(sine_sound(200.0, file_rate), 3.0, file_rate);
        const double length = 3.0 * file_rate;
        rig.play(stream, rig.now());
        for (int round = 0; round < 60; ++round) {
            trouble(rig, dice, length);
            rig.run(1 + static_cast<std::int64_t>(dice.choice(4000)), false);
            if (dice.choice(8) == 0) {
                rig.engine.prepare(DeckRig::rate);
            }
        }
        CHECK(all_finite(rig.left));
        CHECK(all_finite(rig.right));
    }
}

TEST_CASE("two lines a trillion beats apart, with a loop, are a jump and nothing worse") {
    DeckRig rig;
    rig.play(rig.open(sine_sound(200.0), 10.0), rig.now());
    rig.order(SetLoop{Trajectory::Loop{1000.0, 97'000.0}});
    const auto line = [&rig](std::int64_t from, double beat, double bpm) {
        return TempoLine{JackFrame{from}, Beats{beat}, Bpm{bpm}, JackFrame{from}, Bpm{bpm}, DeckRig::rate};
    };
    rig.order(TakeLine{line(rig.now(), 0.0, 120.0), false});
    rig.run(4096, false);
    for (const double beat : {1e12, -1e12, 1e12}) {
        rig.order(TakeLine{line(rig.now() + 700, beat, 1000.0), false});
        rig.run(8192, false);
        rig.order(TakeLine{line(rig.now() - 100, beat, 1.0), false});
        rig.run(8192, false);
    }
    CHECK(all_finite(rig.left));
    CHECK(rig.state() == DeckState::playing);
}

TEST_CASE("a start on a beat in ten thousand years waits, and a year of beats is no bound") {
    DeckRig rig;
    rig.order(TakeLine{
        TempoLine{JackFrame{rig.now()}, Beats{6.4e7}, Bpm{122.0}, JackFrame{rig.now()}, Bpm{122.0}, DeckRig::rate},
        false});
    rig.order(CueTrack{rig.open(index_sound()), 0.0, std::nullopt});
    rig.order(StartOnBeat{1e12});
    rig.run(1024);
    CHECK(rig.state() == DeckState::waiting);
    rig.order(StartOnBeat{6.4e7 + 4.0});  // in four beats
    const std::int64_t due = 100'000 + std::llround(4.0 * 60.0 / 122.0 * DeckRig::rate);
    rig.run(due + 4096 - rig.now());
    CHECK(std::abs(rig.reported<Started>()->frame.value - due) <= 1);
}
