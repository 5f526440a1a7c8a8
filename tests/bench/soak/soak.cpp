// SPDX-License-Identifier: GPL-3.0-or-later
// R1: a set for long on a machine with much else to do. Four decks, a tempo method each, a DJ who never rests, a
// dancing crowd, a recording in splits, a stream, and stress-ng on processors and disk.
//
// What is counted: see soak_judgement.hpp.
//
// usage: soak [SECONDS [PERIOD [SEED]]]   (3600 s, 256 frames, seed 1)
#include "tests/bench/cost_rounds.hpp"
#include "tests/bench/soak/hands.hpp"
#include "tests/bench/soak/judgement.hpp"
#include "tests/bench/soak/recording.hpp"
#include "tests/bench/soak/stage.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

using namespace crowdjack::test;
using namespace crowdjack::test::soak;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// A frame on the marker's unwrapped clock.
std::int64_t frame_in(const OscReceived& answer, std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<std::int64_t>(answer.number(i)));
}

/// Ends the recording at a frame that comes, so that its length is known to the frame. @returns that frame
std::int64_t stop_recording(Stage& stage) {
    const std::int64_t end = static_cast<std::int64_t>(stage.server().frame()) + rate / 2;
    stage.done(at::mixer_record_stop, {static_cast<std::int32_t>(static_cast<std::uint32_t>(end))});
    const bool ended = eventually(
        [&] {
            const auto state = stage.ask("mixer-bus", at::mixer_state);
            for (std::size_t i = 0; i + 1 < state.arguments.size(); ++i) {
                if (state.text(i) == "recording") {
                    return state.text(i + 1).empty();
                }
            }
            return false;
        },
        Deadline{60'000});
    if (!ended) {
        throw std::runtime_error{"the recording does not end"};
    }
    return end;
}

bool soak_for(double seconds, std::uint32_t period, std::uint32_t seed) {
    const double minute = std::min(60.0, seconds / 20.0);  // between two looks
    Stage stage{period, seconds < 600.0 ? 15 : 300};
    Witness witness{period};
    // Before anything is counted: a process that is copied keeps its own audio threads waiting.
    stage.stress(seconds < 600.0);
    Judgement judgement{stage};
    const auto started = stage.done(at::mixer_record_start, {(stage.recordings() / "soak.wav").string()});
    const std::int64_t first = frame_in(started, 2);
    RecordingFollower recording{stage.recordings(), "soak", first - mixer_latency, stage.marker().clock()};
    Hands hands{stage, seed, SOAK_DANCE, seconds};
    (void)witness.skipped();
    std::int64_t witnessed = 0;
    judgement.begin();
    const auto begin = Clock::now();
    double next_look = seconds / 10.0;  // by then all is warm
    for (double at = 0.0; at < seconds; at = seconds_since(begin)) {
        hands.work(at);
        if (at >= next_look) {
            next_look += minute;
            recording.look(false);
            witnessed += witness.skipped();
            judgement.look(at, recording.followed(), witnessed);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    witnessed += witness.skipped();
    judgement.end();
    const std::int64_t last = stop_recording(stage);
    recording.look(true);
    judgement.judge({.seconds = seconds, .period = period, .first = first, .last = last, .witnessed = witnessed},
                    recording);
    std::printf("  done:");
    for (const auto& [deed, count] : hands.deeds()) {
        std::printf(" %s %d,", deed.c_str(), count);
    }
    std::printf(" reports of the crowd %d\n", hands.reports());
    return judgement.close();
}

}  // namespace

int main(int count, char** arguments) {
    const double seconds = count > 1 ? std::atof(arguments[1]) : 3600.0;
    const auto period = static_cast<std::uint32_t>(count > 2 ? std::atoi(arguments[2]) : 256);
    const auto seed = static_cast<std::uint32_t>(count > 3 ? std::atoi(arguments[3]) : 1);
    try {
        return soak_for(seconds, period, seed) ? 0 : 1;
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "soak: %s\n", failure.what());
        return 1;
    }
}
