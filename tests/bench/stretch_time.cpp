// SPDX-License-Identifier: GPL-3.0-or-later
// T3 and T5 for the keep-pitch engines: how far drums lie from the closed form of the tempo line, over 10 minutes of
// 105→130→105 sweeps, and around the f0 of a line announced 250 ms ahead.
#include "tests/deck/stretch_sounds.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr std::array engines{StretchMethod::rubberband, StretchMethod::rubberband_fast, StretchMethod::wsola};

std::string name_of(StretchMethod method) { return std::string{stretch_name(method)}; }

/// @returns whether the targets of T3 are met
bool measure_drift(StretchMethod method, double minutes) {
    constexpr double sweep_s = 60.0;
    const auto sweeps = static_cast<std::size_t>(minutes * 60.0 / sweep_s);
    StretchVoice voice{{}};
    const Trajectory motion = sweeping_motion(sweep_s, sweeps);
    const double beat_frames = 60.0 / motion.track_bpm * server_rate;
    voice.play({method, std::make_shared<FunctionSource>(drum(beat_frames)), motion, JackFrame{0}});
    const Stereo sound = render(voice, 0, static_cast<std::int64_t>(minutes * 60.0 * server_rate));
    const std::vector<double> errors = beat_errors_ms(sound.left, 0, motion, beat_frames);
    const double worst = quantile_of_size(errors, 1.0);
    const double p95 = quantile_of_size(errors, 0.95);
    const double of_16 = greatest_median_of_16(errors);
    const auto half = static_cast<std::ptrdiff_t>(errors.size() / 2);
    const double drift =
        median({errors.begin() + half, errors.end()}) - median({errors.begin(), errors.begin() + half});
    const bool finer = method == StretchMethod::rubberband;
    const bool met = finer ? worst <= 1.0 : of_16 <= 2.0 && p95 <= 15.0;
    std::printf("| T3 | %s, %.0f min of 105→130→105 (ratio 0.90…1.11), %zu beats: worst beat; p95; worst median of 16; "
                "second half against first | %.2f ms; %.2f ms; %.2f ms; %+.3f ms | %s | %s |\n",
                name_of(method).c_str(), minutes, errors.size(), worst, p95, of_16, drift,
                finer ? "±1 ms at every beat" : "p95 ±15 ms; median ±2 ms", met ? "met" : "MISSED");
    return met;
}

/// The place of the first beats after f0 tells when the new tempo began: their error against the closed form.
bool measure_line(StretchMethod method) {
    constexpr double beat_frames = 12000.0;
    constexpr int trials = 12;
    std::vector<double> near_f0;
    for (int trial = 0; trial < trials; ++trial) {
        StretchVoice voice{{}};
        Trajectory motion;
        motion.server_rate = motion.file_rate = server_rate;
        motion.tempo.add({JackFrame{0}, Beats{0.0}, Bpm{120.0}, JackFrame{0}, Bpm{120.0}, server_rate});
        motion.anchor(JackFrame{0}, 0.0);
        const auto source = std::make_shared<FunctionSource>(drum(beat_frames));
        voice.play({method, source, motion, JackFrame{0}});
        const std::int64_t f0 = 3 * second + 1777 * trial;
        const Bpm next{trial % 2 == 0 ? 126.0 : 114.0};
        const Beats beat = motion.tempo.beat_at(static_cast<double>(f0));
        Trajectory turned = motion;
        turned.tempo.add({JackFrame{f0}, beat, next, JackFrame{f0}, next, server_rate});
        const std::int64_t told = (f0 - second / 4) / 256 * 256;
        const Stereo sound = render(voice, 0, f0 + 3 * second, 256, [&](std::int64_t frame) {
            if (frame == told) {
                voice.play({method, source, turned, JackFrame{frame}});
            }
        });
        // The two seconds around f0: eight half-beats of each trial.
        const auto from = static_cast<std::size_t>(f0 - second);
        const std::vector<float> around{sound.left.begin() + static_cast<std::ptrdiff_t>(from),
                                        sound.left.begin() + static_cast<std::ptrdiff_t>(from + 2 * second)};
        const auto errors = beat_errors_ms(around, static_cast<std::int64_t>(from), turned, beat_frames);
        near_f0.insert(near_f0.end(), errors.begin(), errors.end());
    }
    const double worst = quantile_of_size(near_f0, 1.0);
    const double target = method == StretchMethod::rubberband ? 1.0 : 20.0;
    const bool held = worst <= target;
    std::printf("| T5 | %s: a line at its f0, %d trials, ±5 %%: worst and median error of the beats within 1 s of f0 | "
                "%.2f ms; %+.2f ms | ±%.0f ms | %s |\n",
                name_of(method).c_str(), trials, worst, median(near_f0), target, held ? "met" : "MISSED");
    return held;
}

}  // namespace

int main(int argc, char** argv) {
    const double minutes = argc > 1 ? std::atof(argv[1]) : 10.0;
    bool met = true;
    for (const StretchMethod method : engines) {
        met = measure_drift(method, minutes) && met;
        met = measure_line(method) && met;
        std::fflush(stdout);
    }
    return met ? 0 : 1;
}
