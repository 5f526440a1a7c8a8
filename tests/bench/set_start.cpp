// SPDX-License-Identifier: GPL-3.0-or-later
// T1, T2, T6: how exactly, how soon and how quickly things start.
#include "tests/set/stage.hpp"
#include "tests/support/figures.hpp"
#include "tests/support/waves.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>

using namespace crowdjack::test;

namespace {

std::string path(const Stage& stage, const char* name) { return (stage.folder() / name).string(); }

/// The JACK frame from which a channel sounds again, looking from `from` on; -1 when it does not.
std::int64_t sound_after(Stage& stage, std::size_t channel, std::int64_t from) {
    if (!stage.ears().wait_for_sound(channel, from)) {
        return -1;
    }
    return *stage.ears().first_sound(channel, from);
}

void stop_both(Stage& stage) {
    stage.done(stage.deck("A"), at::deck_stop);
    stage.done(stage.deck("B"), at::deck_stop);
    const auto silent = *stage.ears().end_frame() + 2'000 + static_cast<std::int64_t>(stage.server().period()) * 3;
    (void)stage.ears().wait_until(silent);
}

/// One group start; the distance of the two decks' first samples in frames.
std::int64_t start_delta(Stage& stage) {
    for (const auto* deck : {"A", "B"}) {
        stage.done(stage.deck(deck), at::deck_cue, {path(stage, "ones.wav")});
    }
    const auto before = *stage.ears().end_frame();
    stage.done(stage.front_door(), at::start_group, {0.0, std::string{"A"}, std::string{"B"}});
    const auto delta = std::abs(sound_after(stage, 2, before) - sound_after(stage, 3, before));
    stop_both(stage);
    return delta;
}

void measure_group_starts() {
    constexpr int trials = 100;
    for (const std::uint32_t period : {64U, 128U, 256U, 1024U}) {
        Stage stage{{.period = period, .capture_seconds = 120.0}};
        write_position_coded(stage.folder() / "ones.wav", 480'000, 48'000, SampleFormat::pcm24);
        std::int64_t worst = 0;
        int exact = 0;
        for (int trial = 0; trial < trials; ++trial) {
            const auto delta = start_delta(stage);
            worst = std::max(worst, delta);
            exact += delta == 0 ? 1 : 0;
        }
        print_figure("T1", "group start, " + std::to_string(period) + " frames",
                     std::to_string(exact) + "/100 on one sample, worst " + std::to_string(worst), "0 samples",
                     worst == 0);
    }
}

/// Milliseconds from sending `/deck/cue` to its reply.
double cue_milliseconds(Stage& stage, const std::string& file) {
    const auto begin = std::chrono::steady_clock::now();
    stage.done(stage.deck("A"), at::deck_cue, {file});
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

void print_cue(const char* kind, const std::vector<double>& milliseconds, double target) {
    print_figure("T2", std::string{"/cue of 142.8 MB, "} + kind,
                 "p50 " + shown(median(milliseconds)) + " ms, p99 " + shown(percentile(milliseconds, 0.99)) + " ms",
                 "p50 ≤ " + shown(target) + " ms", median(milliseconds) <= target);
}

void measure_cue() {
    constexpr int trials = 50;
    Stage stage{{.capture_seconds = 5.0}};
    const auto file = stage.folder() / "long.wav";
    write_position_coded(file, 35'700'000, 44'100, SampleFormat::pcm16);
    const auto other = stage.folder() / "other.wav";
    write_position_coded(other, 100'000, 44'100, SampleFormat::pcm16);
    cue_milliseconds(stage, other.string());
    Process::Memory before{};
    const auto memory = [&] { return memory_of(stage.client_pid("deck-A")); };
    before = memory();
    std::vector<double> warm;
    std::vector<double> cold;
    for (int trial = 0; trial < trials; ++trial) {
        make_cold(file);
        cold.push_back(cue_milliseconds(stage, file.string()));
        cue_milliseconds(stage, other.string());
        warm.push_back(cue_milliseconds(stage, file.string()));
        cue_milliseconds(stage, other.string());
    }
    cue_milliseconds(stage, file.string());
    const double grown = static_cast<double>(memory().anonymous) - static_cast<double>(before.anonymous);
    print_cue("warm", warm, 3.0);
    print_cue("cold", cold, 30.0);
    print_figure("T2", "private memory added by it", shown(grown / 1e6) + " MB", "≤ 6 MB", grown <= 6e6);
}

/// Milliseconds from sending a gain command to its first sample at the master, as the JACK clock has it.
double effect_milliseconds(Stage& stage, bool loud) {
    const auto sent = jack_frame_time(stage.ears().probe().client());
    stage.osc().send(stage.mixer(), at::mixer_gain, {std::string{"A"}, loud ? 1.0F : 0.5F});
    const auto from = static_cast<std::int64_t>(sent);
    const auto changed = [&](std::int64_t frame) {
        const auto sample = stage.ears().sample(0, frame).value_or(loud ? 0.25F : 0.5F);
        return loud ? sample > 0.2501F : sample < 0.4999F;
    };
    std::int64_t frame = from;
    const bool came = eventually([&] {
        const auto end = stage.ears().end_frame().value_or(0);
        while (frame < end && !changed(frame)) {
            ++frame;
        }
        return frame < end;
    });
    (void)stage.ears().wait_until(frame + 4'800);  // the ramp's end
    return came ? static_cast<double>(frame - from) / 48.0 : 1e9;
}

void measure_effect() {
    constexpr std::uint32_t period = 128;
    Stage stage{{.period = period, .capture_seconds = 120.0}};
    const std::vector<float> steady(2 * 48'000 * 100, 0.5F);
    write_audio(stage.folder() / "steady.wav", steady, 2, 48'000);
    stage.done(stage.deck("A"), at::deck_cue, {path(stage, "steady.wav")});
    stage.done(stage.deck("A"), at::deck_start);
    (void)sound_after(stage, 0, 0);
    std::vector<double> milliseconds;
    for (int trial = 0; trial < 200; ++trial) {
        milliseconds.push_back(effect_milliseconds(stage, trial % 2 == 1));
    }
    const double target = 2.0 * period / 48.0 + 1.0;
    const double p99 = percentile(milliseconds, 0.99);
    print_figure("T6", "OSC command → effect at the master, 128 frames (incl. the limiter's 1.33 ms)",
                 "p50 " + shown(median(milliseconds)) + " ms, p99 " + shown(p99) + " ms",
                 "p99 ≤ " + shown(target + 64.0 / 48.0) + " ms", p99 <= target + 64.0 / 48.0);
}

}  // namespace

int main() {
    try {
        measure_group_starts();
        measure_cue();
        measure_effect();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return 1;
    }
    return 0;
}
