// SPDX-License-Identifier: GPL-3.0-or-later
// A mixer without a server: whole signals in, whole signals out, in periods of any length.
#pragma once

#include "mixer-bus/mixer.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

namespace crowdjack::test {

using Signal = std::vector<float>;
using Stereo = std::array<Signal, 2>;

/// What goes in comes out so many frames later.
inline constexpr std::size_t delay = Limiter::delay;

inline Signal sine_wave(double hertz, std::size_t frames, double amplitude = 0.5, double rate = 48000.0) {
    Signal signal(frames);
    for (std::size_t i = 0; i < frames; ++i) {
        signal[i] =
            static_cast<float>(amplitude * std::sin(2.0 * std::numbers::pi * hertz * static_cast<double>(i) / rate));
    }
    return signal;
}

inline Signal noise(std::size_t frames, unsigned seed, float amplitude = 0.2F) {
    std::mt19937 random{seed};
    std::uniform_real_distribution<float> draw{-amplitude, amplitude};
    Signal signal(frames);
    for (float& sample : signal) {
        sample = draw(random);
    }
    return signal;
}

inline double decibels(double amplitude) { return 20.0 * std::log10(std::max(amplitude, 1e-12)); }

/// The largest |sixth difference|: a steady tone below 2 kHz has next to none, a step of height d has 10 d.
inline double roughness(const Signal& signal, std::size_t from = 0) {
    std::vector<double> d(signal.begin() + static_cast<std::ptrdiff_t>(from), signal.end());
    for (int order = 0; order < 6; ++order) {
        for (std::size_t i = 0; i + 1 < d.size(); ++i) {
            d[i] = d[i + 1] - d[i];
        }
        d.pop_back();
    }
    double worst = 0.0;
    for (const double x : d) {
        worst = std::max(worst, std::fabs(x));
    }
    return worst;
}

/// What a discontinuity of -80 dBFS would make of roughness().
inline constexpr double click_at_80_db = 10.0 * 1e-4;

class BenchMixer {
public:
    explicit BenchMixer(std::size_t strips = 4, MixerSetup setup = {}) : mixer{with(setup, strips)}, inputs_(strips) {}

    Mixer mixer;
    std::int64_t frame{1000};

    void feed(std::size_t strip, Signal left, Signal right) { inputs_[strip] = {std::move(left), std::move(right)}; }
    void feed(std::size_t strip, const Signal& both) { inputs_[strip] = {both, both}; }

    void move(ParameterId id, double target, std::int64_t start, std::int64_t length,
              FadeShape shape = FadeShape::linear) {
        mixer.move(id, {JackFrame{start}, Frames{length}, static_cast<float>(target), shape}, JackFrame{frame});
    }

    struct Result {
        Stereo master, phones;
    };
    /// Plays `frames` of what was fed (silence after its end) in periods of `period`.
    Result play(std::size_t frames, std::size_t period = 128) {
        Result result{{Signal(frames), Signal(frames)}, {Signal(frames), Signal(frames)}};
        for (auto& input : inputs_) {
            for (auto& side : input) {
                side.resize(std::max(side.size(), played_ + frames));
            }
        }
        std::vector<StereoIn> parts(inputs_.size());
        for (std::size_t at = 0; at < frames; at += period) {
            const std::size_t run = std::min(period, frames - at);
            for (std::size_t i = 0; i < inputs_.size(); ++i) {
                parts[i] = {std::span<const float>{inputs_[i][0]}.subspan(played_ + at, run),
                            std::span<const float>{inputs_[i][1]}.subspan(played_ + at, run)};
            }
            const auto out = [&](Stereo& stereo) {
                return StereoOut{std::span{stereo[0]}.subspan(at, run), std::span{stereo[1]}.subspan(at, run)};
            };
            mixer.process(JackFrame{frame}, parts, out(result.master), out(result.phones));
            frame += static_cast<std::int64_t>(run);
        }
        played_ += frames;
        return result;
    }

private:
    static MixerSetup with(MixerSetup setup, std::size_t strips) {
        setup.strips = strips;
        return setup;
    }

    std::vector<Stereo> inputs_;
    std::size_t played_{0};
};

}  // namespace crowdjack::test
