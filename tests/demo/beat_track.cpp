// SPDX-License-Identifier: GPL-3.0-or-later
// Makes a beat track of known BPM: kicks, hats and a bass line, its first sample the first downbeat.
#include "common/command_line.hpp"
#include "common/run_main.hpp"
#include "tests/support/waves.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numbers>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace crowdjack;

struct Plan {
    double bpm{}, seconds{}, rate{}, root_hertz{};
};

double frames_per_beat(const Plan& plan) { return 60.0 / plan.bpm * plan.rate; }

/// Mixes `sound(seconds since onset)` into `track` at a beat, for `seconds`.
template <typename Sound>
void add(std::vector<float>& track, const Plan& plan, double beat, double seconds, Sound sound) {
    const auto onset = static_cast<std::size_t>(std::llround(beat * frames_per_beat(plan)));
    const auto end = std::min(track.size(), onset + static_cast<std::size_t>(seconds * plan.rate));
    for (std::size_t i = onset; i < end; ++i) {
        track[i] += static_cast<float>(sound(static_cast<double>(i - onset) / plan.rate));
    }
}

void add_hats(std::vector<float>& track, const Plan& plan, double beats) {
    std::mt19937 random{7};  // the same track every time
    std::uniform_real_distribution<double> noise{-1.0, 1.0};
    for (double beat = 0.5; beat < beats; beat += 1.0) {
        add(track, plan, beat, 0.04, [&](double t) { return 0.08 * noise(random) * std::exp(-t * 110.0); });
    }
}

void add_bass(std::vector<float>& track, const Plan& plan, double beats) {
    constexpr std::array<double, 8> semitones{0, 0, 3, 0, -2, -2, 5, 3};
    std::size_t step = 0;
    for (double beat = 0.25; beat < beats; beat += 0.5, ++step) {
        const double hertz = plan.root_hertz * std::pow(2.0, semitones[step / 2 % semitones.size()] / 12.0);
        add(track, plan, beat, 0.16, [&](double t) {
            const double fade = std::min(1.0, t * 400.0) * std::exp(-t * 14.0);
            const double phase = 2.0 * std::numbers::pi * hertz * t;
            return 0.16 * fade * (std::sin(phase) + 0.4 * std::sin(2.0 * phase));
        });
    }
}

}  // namespace

int main(int argc, char** argv) {
    return run_main("beat_track", [&] {
        namespace po = boost::program_options;
        Plan plan;
        std::string path;
        int rate{};
        PlainCommandLine line{"beat_track", "Writes a 16-bit stereo WAV with a beat."};
        line.own.add_options()("out", po::value(&path)->required(),
                               "the file to write")("bpm", po::value(&plan.bpm)->default_value(120.0), "tempo")(
            "seconds", po::value(&plan.seconds)->default_value(60.0),
            "length")("rate", po::value(&rate)->default_value(44100), "sample rate in Hz")(
            "root", po::value(&plan.root_hertz)->default_value(55.0), "the bass line's root in Hz");
        if (!line.parse(argc, argv)) {
            return 0;
        }
        plan.rate = rate;
        std::vector<float> track = test::click_track(plan.bpm, plan.seconds, plan.rate);
        const double beats = plan.seconds * plan.bpm / 60.0;
        add_hats(track, plan, beats);
        add_bass(track, plan, beats);
        for (float& sample : track) {
            sample *= 0.6F;
        }
        test::write_audio(path, test::as_channels(track, 2), 2, rate, test::SampleFormat::pcm16);
        std::cout << path << ": " << plan.bpm << " BPM, " << plan.seconds << " s\n";
        return 0;
    });
}
