// SPDX-License-Identifier: GPL-3.0-or-later
// A deck's engine without JACK: tracks made of functions, a clock that the test turns, and everything that sounded.
#pragma once

#include "common/realtime.hpp"
#include "deck/engine/deck_engine.hpp"
#include "deck/track/track_stream.hpp"
#include "tests/support/eventually.hpp"

#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <numbers>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>
#include <vector>

namespace crowdjack::test {

/// A track given by a function of its frame; can be frozen (its storage stalls) and cut off.
class FunctionTrack final : public SampleSource {
public:
    using Sound = std::function<float(std::int64_t)>;

    FunctionTrack(Sound sound, std::int64_t frames, double rate) : sound_{std::move(sound)} {
        format_.rate = rate;
        format_.frames = frames;
    }
    ~FunctionTrack() override { freeze(false); }

    [[nodiscard]] const TrackFormat& format() const noexcept override { return format_; }

    std::size_t read(std::int64_t first, std::span<float> left, std::span<float> right) override {
        {
            std::unique_lock lock{mutex_};
            thawed_.wait(lock, [this] { return !frozen_; });
        }
        const std::int64_t end = std::min(format_.frames, cut_off_.load());
        for (std::size_t i = 0; i < left.size(); ++i) {
            const std::int64_t frame = first + static_cast<std::int64_t>(i);
            left[i] = frame >= 0 && frame < end ? sound_(frame) : 0.0F;
            right[i] = -left[i];
        }
        const std::int64_t wanted = std::min(first + static_cast<std::int64_t>(left.size()), format_.frames);
        return wanted <= end ? left.size() : static_cast<std::size_t>(std::max<std::int64_t>(0, end - first));
    }
    [[nodiscard]] bool intact() const noexcept override { return cut_off_.load() >= format_.frames; }

    void freeze(bool on) {
        const std::lock_guard lock{mutex_};
        frozen_ = on;
        thawed_.notify_all();
    }
    void cut_off(std::int64_t frame) { cut_off_.store(frame); }

private:
    Sound sound_;
    TrackFormat format_;
    std::mutex mutex_;
    std::condition_variable thawed_;
    bool frozen_{false};
    std::atomic<std::int64_t> cut_off_{INT64_MAX};
};

inline FunctionTrack::Sound index_sound() {
    return [](std::int64_t frame) { return static_cast<float>(frame + 1) / 0x1p23F; };
}
/// The frame an index_sound() sample tells; nothing for silence and for what was faded or mixed.
inline std::optional<std::int64_t> index_of(float sample) {
    const double frame = static_cast<double>(sample) * 0x1p23;
    return sample == 0.0F || frame != std::floor(frame) ? std::nullopt
                                                        : std::optional{static_cast<std::int64_t>(frame) - 1};
}
inline FunctionTrack::Sound sine_sound(double hertz, double rate = 48000.0, double amplitude = 0.5) {
    return [=](std::int64_t frame) {
        const double phase = hertz / rate * static_cast<double>(frame);
        return static_cast<float>(amplitude * std::sin(2.0 * std::numbers::pi * (phase - std::floor(phase))));
    };
}

class DeckRig {
public:
    static constexpr double rate = 48000.0;

    explicit DeckRig(std::uint32_t period = 128, std::int64_t first_frame = 100'000)
        : period_{period}, first_frame_{first_frame}, now_{first_frame} {
        engine.prepare(rate);
    }
    ~DeckRig() {
        engine.process_idle();
        streams_.clear();
    }
    DeckRig(const DeckRig&) = delete;
    DeckRig& operator=(const DeckRig&) = delete;

    DeckEngine engine;

    /// Opens and waits until the frames at `start_s` are resident.
    TrackStream* open(std::shared_ptr<SampleSource> source, double start_s = 0.0) {
        struct Outcome {
            std::atomic<bool> done{false};
            std::optional<std::string> failure;
        };
        auto outcome = std::make_shared<Outcome>();
        streams_.push_back(std::make_unique<TrackStream>([source = std::move(source)] { return source; }, start_s,
                                                         engine.epoch(),
                                                         [outcome](std::optional<std::string> failure) {
                                                             outcome->failure = std::move(failure);
                                                             outcome->done.store(true);
                                                         }));
        if (!eventually([&] { return outcome->done.load(); }) || outcome->failure) {
            throw std::runtime_error{outcome->failure.value_or("opening took too long")};
        }
        return streams_.back().get();
    }
    TrackStream* open(FunctionTrack::Sound sound, double seconds = 60.0, double file_rate = rate,
                      double start_s = 0.0) {
        return open(std::make_shared<FunctionTrack>(std::move(sound), std::llround(seconds * file_rate), file_rate),
                    start_s);
    }

    template <typename Command>
    void order(const Command& command) {
        if (!engine.commands.push(DeckCommand{++ticket_, command})) {
            throw std::runtime_error{"the command queue is full"};
        }
    }

    /// Cues and starts at frame `at` (default: the next cycle).
    void play(TrackStream* stream, std::optional<std::int64_t> at = std::nullopt, double source = 0.0) {
        order(CueTrack{stream, source, std::nullopt});
        order(StartAt{at ? std::optional{JackFrame{*at}} : std::nullopt, std::nullopt});
    }

    /// Runs whole cycles until at least `frames` more have sounded. Offline (freewheeling) it waits for its workers.
    void run(std::int64_t frames, bool offline = true) {
        for (std::int64_t done = 0; done < frames; done += period_) {
            const std::size_t at = left.size();
            left.resize(at + period_);
            right.resize(at + period_);
            {
                const RealtimeScope audio;
                engine.process(JackFrame{now_}, {left.data() + at, period_}, {right.data() + at, period_}, offline);
            }
            now_ += period_;
            if (!keep_reports_) {
                drain();
            }
        }
    }
    void run_seconds(double seconds) { run(std::llround(seconds * rate)); }

    /// One cycle, offline or not, whose reports stay in their queues.
    void run_blind(std::int64_t frames) {
        keep_reports_ = true;
        run(frames, false);
        keep_reports_ = false;
    }
    void set_period(std::uint32_t frames) noexcept { period_ = frames; }

    /// The clock jumps without a cycle, as after a stall; the recording holds silence for it.
    void miss(std::int64_t frames) {
        now_ += frames;
        left.resize(left.size() + static_cast<std::size_t>(frames));
        right.resize(left.size());
    }

    /// Another server, whose clock stands at `frame`; what sounded before is forgotten.
    void restart_server(std::int64_t frame) {
        engine.prepare(rate);
        first_frame_ = now_ = frame;
        left.clear();
        right.clear();
    }

    [[nodiscard]] std::int64_t now() const noexcept { return now_; }
    /// What sounded at a JACK frame.
    [[nodiscard]] float at(std::int64_t frame) const { return left.at(static_cast<std::size_t>(frame - first_frame_)); }
    /// Recorded samples from a JACK frame on.
    [[nodiscard]] std::span<const float> from(std::int64_t frame) const {
        return std::span{left}.subspan(static_cast<std::size_t>(frame - first_frame_));
    }
    [[nodiscard]] double position() const { return engine.snapshot().source; }
    [[nodiscard]] DeckState state() const { return engine.snapshot().state; }

    template <typename Report>
    [[nodiscard]] std::optional<Report> reported() const {
        for (auto each = reports.rbegin(); each != reports.rend(); ++each) {
            if (const auto* found = std::get_if<Report>(&*each)) {
                return *found;
            }
        }
        return std::nullopt;
    }

    std::vector<float> left, right;
    std::vector<DeckReport> reports;
    std::optional<MotionReport> motion;
    std::function<void(const MotionReport&)> on_motion;

private:
    void drain() {
        DeckReport report;
        while (engine.reports.pop(report)) {
            reports.push_back(report);
        }
        MotionReport told;
        while (engine.motions.pop(told)) {
            motion = told;
            if (on_motion) {
                on_motion(told);
            }
        }
    }

    std::uint32_t period_;
    bool keep_reports_{false};
    std::int64_t first_frame_, now_;
    Ticket ticket_{0};
    std::vector<std::unique_ptr<TrackStream>> streams_;
};

/// How sharply the sound bends at its sharpest, as the third difference from sample to sample in dBFS: that of a low
/// sine lies far below -80, that of a click does not.
struct Bend {
    double db{};
    std::size_t at{};
};
inline Bend sharpest_bend(std::span<const float> samples) {
    double worst = 0.0;
    std::size_t place = 0;
    for (std::size_t i = 3; i < samples.size(); ++i) {
        const double third = static_cast<double>(samples[i]) - 3.0 * static_cast<double>(samples[i - 1]) +
                             3.0 * static_cast<double>(samples[i - 2]) - static_cast<double>(samples[i - 3]);
        if (std::abs(third) > worst) {
            worst = std::abs(third);
            place = i;
        }
    }
    return {20.0 * std::log10(worst + 1e-12), place};
}

}  // namespace crowdjack::test
