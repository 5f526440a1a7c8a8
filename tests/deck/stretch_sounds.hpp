// SPDX-License-Identifier: GPL-3.0-or-later
// Sources, motions and renders for the tests and benches of the keep-pitch voice.
#pragma once

#include "common/realtime.hpp"
#include "deck/stretch/stretch_voice.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <numbers>
#include <span>
#include <utility>
#include <vector>

namespace crowdjack::test {

inline constexpr double server_rate = 48000.0;
inline constexpr std::int64_t second = 48000;
inline constexpr double beat_at_120 = 24000.0;  ///< frames

/// A source given by a function of its (folded) position in file frames: left = right = sound(position).
class FunctionSource : public StretchSource {
public:
    explicit FunctionSource(std::function<double(double)> sound) : sound_{std::move(sound)} {}

    void read(const Trajectory& motion, double position, double step, std::span<float> left,
              std::span<float> right) override {
        for (std::size_t i = 0; i < left.size(); ++i) {
            const double place = motion.fold(position + static_cast<double>(i) * step);
            left[i] = right[i] = static_cast<float>(sound_(place));
        }
    }

private:
    std::function<double(double)> sound_;
};

/// A sine of `hz` at half of full scale.
[[nodiscard]] inline std::function<double(double)> sine(double hz, double file_rate = server_rate) {
    return [=](double position) { return 0.5 * std::sin(2.0 * std::numbers::pi * hz * position / file_rate); };
}

/// A drum on every beat: a sudden noise that dies in some ms, always the same.
[[nodiscard]] inline std::function<double(double)> drum(double beat_frames) {
    return [=](double position) {
        const double into = position - std::floor(position / beat_frames) * beat_frames;
        if (position < 0.0 || into > 4800.0) {
            return 0.0;
        }
        std::uint32_t noise = static_cast<std::uint32_t>(into) * 2654435761U;
        noise ^= noise >> 15U;
        noise *= 2246822519U;
        noise ^= noise >> 13U;
        const double white = static_cast<double>(noise) / 2147483648.0 - 1.0;
        return 0.8 * white * std::exp(-into / 160.0);
    };
}

/// At its own rate times `rate`, no line.
[[nodiscard]] inline Trajectory free_motion(double rate, double file_rate = server_rate) {
    Trajectory motion;
    motion.rate = rate;
    motion.follow = false;
    motion.file_rate = file_rate;
    motion.server_rate = server_rate;
    motion.anchor(JackFrame{0}, 0.0);
    return motion;
}

/// Follows lines that sweep 105 → 130 → 105 BPM, each way in `sweep_s`, with a track of 117 BPM.
[[nodiscard]] inline Trajectory sweeping_motion(double sweep_s, std::size_t sweeps, double track_bpm = 117.0) {
    Trajectory motion;
    motion.track_bpm = track_bpm;
    motion.server_rate = motion.file_rate = server_rate;
    double from_bpm = 105.0;
    double to_bpm = 130.0;
    Beats beat{};
    JackFrame from{0};
    for (std::size_t i = 0; i < sweeps; ++i) {
        const JackFrame to = from + to_frames(Seconds{sweep_s}, server_rate);
        const TempoLine line{from, beat, Bpm{from_bpm}, to, Bpm{to_bpm}, server_rate};
        motion.tempo.add(line);
        beat = line.beat_at(to);
        from = to;
        std::swap(from_bpm, to_bpm);
    }
    motion.anchor(JackFrame{0}, 0.0);
    return motion;
}

struct Stereo {
    std::vector<float> left, right;
};

/// Renders frames [from, to) as a freewheeling server would: reading waits for the worker.
/// @param before_cycle  called with the frame each cycle begins at
inline Stereo render(StretchVoice& voice, std::int64_t from, std::int64_t to, std::int64_t period = 256,
                     const std::function<void(std::int64_t)>& before_cycle = {}) {
    const auto size = static_cast<std::size_t>(to - from);
    Stereo sound{std::vector<float>(size), std::vector<float>(size)};
    for (std::int64_t frame = from; frame < to; frame += period) {
        if (before_cycle) {
            before_cycle(frame);
        }
        const auto offset = static_cast<std::size_t>(frame - from);
        const auto length = static_cast<std::size_t>(std::min(period, to - frame));
        const RealtimeScope audio_thread;
        voice.read(JackFrame{frame}, std::span{sound.left}.subspan(offset, length),
                   std::span{sound.right}.subspan(offset, length), true);
    }
    return sound;
}

/// How far each drum lies from where the motion puts it, in ms: the first sample within 50 ms that reaches a third of
/// the local peak. `sound` begins at `begin`; beats whose surroundings are not in it are left out.
inline std::vector<double> beat_errors_ms(const std::vector<float>& sound, std::int64_t begin, const Trajectory& motion,
                                          double beat_frames) {
    constexpr std::int64_t reach = 2400;
    std::vector<double> errors;
    const auto end = begin + static_cast<std::int64_t>(sound.size());
    const double first = std::ceil(motion.source_at(static_cast<double>(begin)) / beat_frames);
    for (double beat = std::max(first, 1.0);; ++beat) {
        const double ideal = motion.frame_of(beat * beat_frames);
        const auto from = static_cast<std::int64_t>(ideal) - reach;
        if (from + 2 * reach >= end) {
            return errors;
        }
        if (from < begin) {
            continue;
        }
        const auto around = std::span{sound}.subspan(static_cast<std::size_t>(from - begin), 2 * reach);
        float peak = 0.0F;
        for (const float sample : around) {
            peak = std::max(peak, std::abs(sample));
        }
        const auto onset =
            std::find_if(around.begin(), around.end(), [&](float sample) { return std::abs(sample) > peak / 3.0F; });
        const auto place = static_cast<double>(from + (onset - around.begin()));
        errors.push_back((place - ideal) * 1000.0 / server_rate);
    }
}

[[nodiscard]] inline double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

[[nodiscard]] inline double quantile_of_size(std::vector<double> values, double quantile) {
    for (double& value : values) {
        value = std::abs(value);
    }
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(quantile * static_cast<double>(values.size() - 1))];
}

[[nodiscard]] inline double greatest_median_of_16(const std::vector<double>& values) {
    double greatest = 0.0;
    for (std::size_t i = 0; i + 16 <= values.size(); ++i) {
        const auto first = values.begin() + static_cast<std::ptrdiff_t>(i);
        greatest = std::max(greatest, std::abs(median({first, first + 16})));
    }
    return greatest;
}

/// The greatest break in the waveform: the fourth difference, which is nothing for low tones and 6 for a step of 1.
[[nodiscard]] inline double greatest_break(std::span<const float> sound) {
    double greatest = 0.0;
    for (std::size_t i = 4; i < sound.size(); ++i) {
        const double d = static_cast<double>(sound[i]) - 4.0 * static_cast<double>(sound[i - 1]) +
                         6.0 * static_cast<double>(sound[i - 2]) - 4.0 * static_cast<double>(sound[i - 3]) +
                         static_cast<double>(sound[i - 4]);
        greatest = std::max(greatest, std::abs(d));
    }
    return greatest / 6.0;
}

[[nodiscard]] inline float peak_of(std::span<const float> sound) {
    float peak = 0.0F;
    for (const float sample : sound) {
        peak = std::max(peak, std::abs(sample));
    }
    return peak;
}

}  // namespace crowdjack::test
