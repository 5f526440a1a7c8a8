// SPDX-License-Identifier: GPL-3.0-or-later
// C5: CPU of a keep-pitch voice that plays in real time at 128 frames, over that of the bare library doing the same
// audio; and what its reserve does meanwhile.
#include "deck/stretch/stretch_engine.hpp"
#include "tests/deck/stretch_sounds.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr std::int64_t period = 128;
constexpr double speed = 1.04;

double process_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Some bars of noise and tones in memory, so that reading costs next to nothing.
class MemorySource final : public StretchSource {
public:
    MemorySource() : samples_(1U << 20U) {
        const auto beat = drum(24000.0);
        const auto tone = sine(220.0);
        for (std::size_t i = 0; i < samples_.size(); ++i) {
            const auto place = static_cast<double>(i);
            samples_[i] = static_cast<float>(0.6 * beat(place) + 0.5 * tone(place));
        }
    }
    void read(const Trajectory& /*motion*/, double position, double /*step*/, std::span<float> left,
              std::span<float> right) override {
        const auto first = static_cast<std::size_t>(position + static_cast<double>(samples_.size()));
        for (std::size_t i = 0; i < left.size(); ++i) {
            left[i] = right[i] = samples_[(first + i) & (samples_.size() - 1)];
        }
    }

private:
    std::vector<float> samples_;
};

/// Cycles paced like a sound card's. @returns process CPU seconds spent
template <typename Cycle>
double pace(double seconds, Cycle cycle) {
    const double before = process_seconds();
    auto due = std::chrono::steady_clock::now();
    const auto cycles = static_cast<std::int64_t>(seconds * server_rate / period);
    for (std::int64_t i = 0; i < cycles; ++i) {
        due += std::chrono::nanoseconds{1'000'000'000 * period / 48000};
        std::this_thread::sleep_until(due);
        cycle(i * period);
    }
    return process_seconds() - before;
}

/// The library and nothing else: fed and emptied step by step on the audio thread itself, as the sound falls due.
class BareLibrary {
public:
    explicit BareLibrary(StretchMethod method)
        : engine_{make_stretch_engine(method, server_rate, 1.0 / speed)},
          left_(std::max(engine_->max_feed(), engine_->max_step())),
          right_(left_.size()) {}

    void make_until(std::int64_t frame) {
        while (made_ < frame) {
            step();
        }
    }

private:
    void step() {
        engine_->set_ratio(1.0 / speed);
        do {
            const std::size_t wanted = engine_->wanted();
            const auto left = std::span{left_}.first(wanted);
            const auto right = std::span{right_}.first(wanted);
            source_.read({}, position_, 1.0, left, right);
            engine_->feed(left, right);
            position_ += static_cast<double>(wanted);
        } while (engine_->available() == 0);
        const std::size_t frames = engine_->available();
        engine_->retrieve(std::span{left_}.first(frames), std::span{right_}.first(frames));
        made_ += static_cast<std::int64_t>(frames);
    }

    std::unique_ptr<StretchEngine> engine_;
    MemorySource source_;
    std::vector<float> left_, right_;
    double position_{0.0};
    std::int64_t made_{0};
};

bool measure(StretchMethod method, double seconds) {
    std::array<float, period> left{};
    std::array<float, period> right{};
    const double idle = pace(seconds, [](std::int64_t) {});
    StretchVoice voice{{server_rate, static_cast<std::uint32_t>(period), 5}};
    voice.play({method, std::make_shared<MemorySource>(), free_motion(speed), JackFrame{4800}});
    const double spent =
        pace(seconds, [&](std::int64_t frame) { voice.read(JackFrame{frame}, left, right, false); }) - idle;
    const StretchHealth health = voice.health();
    BareLibrary library{method};
    const double bare = pace(seconds, [&](std::int64_t frame) { library.make_until(frame + period); }) - idle;
    const double ratio = spent / bare;
    std::printf("| C5 | %s voice at %d frames ÷ the bare library, %.0f s; of a core | %.2f; %.2f %% against %.2f %% | "
                "≤ 1.2 | %s |\n",
                std::string{stretch_name(method)}.c_str(), static_cast<int>(period), seconds, ratio,
                100.0 * spent / seconds, 100.0 * bare / seconds, ratio <= 1.2 ? "met" : "MISSED");
    std::printf("| C5 | %s reserve at %d frames, %s mode, %s priority; underruns | %.1f ms; %llu | ≤ 60 ms; 0 | %s |\n",
                std::string{stretch_name(method)}.c_str(), static_cast<int>(period),
                std::string{reserve_name(health.mode)}.c_str(), health.realtime ? "real-time" : "normal",
                1000.0 * health.target_frames / server_rate, static_cast<unsigned long long>(health.underruns),
                health.underruns == 0 && health.target_frames <= 2880 ? "met" : "MISSED");
    std::fflush(stdout);
    return ratio <= 1.2;
}

}  // namespace

int main(int argc, char** argv) {
    sched_param audio{};
    audio.sched_priority = 10;  // as JACK's clients run; what can't be had is done without
    static_cast<void>(pthread_setschedparam(pthread_self(), SCHED_FIFO, &audio));
    const double seconds = argc > 1 ? std::atof(argv[1]) : 20.0;
    bool met = true;
    for (const StretchMethod method :
         {StretchMethod::rubberband, StretchMethod::rubberband_fast, StretchMethod::wsola}) {
        met = measure(method, seconds) && met;
    }
    return met ? 0 : 1;
}
