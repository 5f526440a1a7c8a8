// SPDX-License-Identifier: GPL-3.0-or-later
// Prints what a deck reaches of the figures that need no server: S1, S2, S4, T3 and T5 for the method `rate`.
#include "tests/deck/deck_rig.hpp"
#include "tests/deck/sine_fit.hpp"
#include "tests/support/figures.hpp"

#include <cmath>
#include <cstdlib>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace crowdjack;
using namespace crowdjack::test;

constexpr double rate = DeckRig::rate;

TempoLine steady(std::int64_t from, double beat, double bpm) {
    return {JackFrame{from}, Beats{beat}, Bpm{bpm}, JackFrame{from}, Bpm{bpm}, rate};
}

void sound_of_the_read_head() {
    constexpr double speed = 125.0 / 120.0;
    const auto snr = [&](double hertz) {
        SineRun run{hertz / rate};
        return fit_sine(played(run, speed, 65536), hertz / rate * speed).snr_db();
    };
    const auto alias = [&](double hertz, double at_speed) {
        SineRun run{hertz / rate};
        return 20.0 * std::log10(rms(played(run, at_speed, 65536)) / (0.5 / std::numbers::sqrt2));
    };
    double ripple = 0.0;
    for (double hertz = 20.0; hertz <= 18000.0; hertz += 90.0) {
        SineRun run{hertz / rate};
        const double level = fit_sine(played(run, speed, 8192), hertz / rate * speed).amplitude / 0.5;
        ripple = std::max(ripple, std::abs(20.0 * std::log10(level)));
    }
    const double low = snr(997.0);
    const double high = snr(10000.0);
    print_figure("S2", "varispeed +4.17 %: SNR 997 Hz / 10 kHz, dB", shown(low, 4) + " / " + shown(high, 4),
                 ">= 100 / >= 90", low >= 100.0 && high >= 90.0);
    print_figure("S2", "response to 18 kHz within, dB", shown(ripple), "0.1", ripple <= 0.1);
    const double twice = alias(15000.0, 2.0);
    const double four_times = alias(10000.0, 4.0);
    print_figure("S2", "alias of 15 kHz at x2 / 10 kHz at x4, dB", shown(twice, 4) + " / " + shown(four_times, 4),
                 "<= -90", twice <= -90.0 && four_times <= -90.0);
}

void unity() {
    DeckRig rig{128};
    const std::int64_t start = rig.now() + 77;
    rig.order(TakeLine{steady(rig.now(), 0.0, 126.0), false});
    rig.order(SetTrackBpm{126.0});
    rig.play(rig.open(index_sound(), 130.0), start);
    rig.run_seconds(120.0);
    std::int64_t wrong = 0;
    for (std::int64_t i = 0; i < 119 * 48'000; ++i) {
        wrong += index_of(rig.at(start + i)) != i ? 1 : 0;
    }
    print_figure("S1", "unity, 119 s on a line at the track's tempo: samples that differ", std::to_string(wrong), "0",
                 wrong == 0);
}

/// Ten minutes of 105-130-105, a new line every 30 s, two decks of different rate and tempo.
void drift() {
    const auto sweep = [](DeckRig& rig, double bpm, double file_rate) {
        rig.order(SetTrackBpm{bpm});
        TempoLine line = steady(rig.now(), 0.0, 105.0);
        rig.order(TakeLine{line, false});
        rig.play(rig.open(sine_sound(100.0, file_rate), 900.0, file_rate), rig.now());
        for (int half_minute = 0; half_minute < 20; ++half_minute) {
            const JackFrame from{rig.now() + 12'000};
            line = {from,
                    line.beat_at(from),
                    line.bpm_at(from),
                    from + Frames{1'440'000},
                    Bpm{half_minute % 2 == 0 ? 130.0 : 105.0},
                    rate};
            rig.order(TakeLine{line, false});
            rig.run_seconds(30.0);
            rig.left.clear();
            rig.left.resize(static_cast<std::size_t>(rig.now() - 100'000));
        }
        const double beats = rig.position() / file_rate * bpm / 60.0;
        return std::pair{beats, line.beat_at(rig.engine.snapshot().frame).value};
    };
    DeckRig a{128};
    DeckRig b{256};
    const auto [beats_a, line_a] = sweep(a, 100.0, 48000.0);
    const auto [beats_b, line_b] = sweep(b, 128.0, 44100.0);
    const double off_a = (beats_a - line_a) * 60.0 / 100.0 * 48000.0;
    const double off_b = (beats_b - line_b) * 60.0 / 128.0 * 44100.0;
    const auto starved = a.engine.starved_frames() + b.engine.starved_frames();
    print_figure("T3", "10 min of 105-130-105, two rate decks: samples from the closed form",
                 shown(off_a) + " / " + shown(off_b), "0",
                 std::abs(off_a) < 0.001 && std::abs(off_b) < 0.001 && starved == 0);
}

void clicks() {
    DeckRig rig;
    const double own = sharpest_bend([] {
                           std::vector<float> tone(48'000);
                           const auto sound = sine_sound(200.0);
                           for (std::size_t i = 0; i < tone.size(); ++i) {
                               tone[i] = sound(static_cast<std::int64_t>(i));
                           }
                           return tone;
                       }())
                           .db;
    rig.order(TakeLine{steady(rig.now(), 0.0, 120.0), false});
    rig.play(rig.open(sine_sound(200.0), 60.0), rig.now());
    rig.run_seconds(0.2);
    const auto after = [&](const char* what, const auto& command) {
        const std::int64_t begin = rig.now() - 16;
        rig.order(command);
        rig.run_seconds(0.1);
        const double db = sharpest_bend(rig.from(begin)).db;
        print_figure("S4", std::string{"click at "} + what + " on a 200 Hz tone (itself " + shown(own, 4) + "), dBFS",
                     shown(db, 4), "<= -80", db <= -80.0);
    };
    after("seek", SeekTo{480'060.0});
    after("nudge", NudgeBy{0.0123});
    after("gain", SetGain{0.25F, 0.01, true});
    after("gain", SetGain{1.0F, 0.01, true});
    after("loop", SetLoop{Trajectory::Loop{485'000.0, 499'400.0}});
    after("rate", SetRate{1.004});
    const std::int64_t f0 = rig.now() + 1000;
    after("line",
          TakeLine{steady(f0, rig.motion->mix.motion.tempo.beat_at(static_cast<double>(f0)).value, 120.4), false});
    after("stop", StopAt{std::nullopt});
    after("start", StartAt{std::nullopt, std::nullopt});
    after("eject", Eject{});
}

void line_effect() {
    DeckRig rig{1024};
    rig.order(TakeLine{steady(rig.now(), 0.0, 120.0), false});
    rig.play(rig.open([](std::int64_t frame) { return static_cast<float>(frame) * 1e-6F; }), rig.now());
    rig.run(8192);
    std::int64_t worst = 0;
    for (int trial = 0; trial < 50; ++trial) {
        const std::int64_t f0 = rig.now() + 1031 + trial * 17;
        const Trajectory& motion = rig.motion->mix.motion;
        const double bpm = trial % 2 == 0 ? 180.0 : 120.0;
        const double speed_before = motion.speed_at(JackFrame{f0 - 1});
        rig.order(TakeLine{steady(f0, motion.tempo.beat_at(static_cast<double>(f0)).value, bpm), false});
        rig.run(8192);
        // Two straight lines meet at f0: where they cross is when the line took effect.
        const auto value = [&](std::int64_t frame) { return static_cast<double>(rig.at(frame)) * 1e6; };
        const double speed_after = (value(f0 + 3000) - value(f0 + 1000)) / 2000.0;
        const double crossing = (value(f0 + 1000) - value(f0 - 900) - speed_after * 1000.0 - speed_before * 900.0) /
                                (speed_before - speed_after);
        worst = std::max<std::int64_t>(worst, std::llabs(std::llround(crossing)));
    }
    print_figure("T5", "method rate: samples between f0 and the line's effect, worst of 50 at 1024 frames",
                 std::to_string(worst), "0", worst == 0);
}

}  // namespace

int main() {
    sound_of_the_read_head();
    unity();
    clicks();
    line_effect();
    drift();
    return 0;
}
