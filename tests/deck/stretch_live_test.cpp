// SPDX-License-Identifier: GPL-3.0-or-later
// What happens in time: storage that stalls, cycles that are missed, a reserve that breathes.
#include "deck/stretch/list_stretch.hpp"
#include "deck/stretch/reserve_policy.hpp"
#include "tests/deck/stretch_sounds.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr std::int64_t period = 256;

/// Drums from storage that can freeze.
class FreezingSource final : public FunctionSource {
public:
    FreezingSource() : FunctionSource{drum(beat_at_120)} {}

    void read(const Trajectory& motion, double position, double step, std::span<float> left,
              std::span<float> right) override {
        {
            std::unique_lock lock{mutex_};
            thawed_.wait(lock, [this] { return !frozen_; });
        }
        FunctionSource::read(motion, position, step, left, right);
    }

    void freeze(bool frozen) {
        {
            const std::lock_guard lock{mutex_};
            frozen_ = frozen;
        }
        thawed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable thawed_;
    bool frozen_{false};
};

/// Cycles paced by the clock, as a sound card does.
class Pacer {
public:
    void cycle() {
        due_ += std::chrono::nanoseconds{1'000'000'000 * period / second};
        std::this_thread::sleep_until(due_);
    }

private:
    std::chrono::steady_clock::time_point due_{std::chrono::steady_clock::now()};
};

std::uint32_t read_cycle(StretchVoice& voice, std::int64_t frame) {
    std::array<float, period> left{};
    std::array<float, period> right{};
    const RealtimeScope audio_thread;
    return voice.read(JackFrame{frame}, left, right, false);
}

/// Reads cycle after cycle in real time until one is whole; 20 s at most. @returns the frame after it
std::int64_t until_whole(StretchVoice& voice, std::int64_t frame) {
    Pacer pacer;
    for (const std::int64_t end = frame + 20 * second; frame < end; frame += period) {
        pacer.cycle();
        if (read_cycle(voice, frame) == 0 && voice.heard().frames == period) {
            return frame + period;
        }
    }
    return frame;
}

void check_phase(StretchVoice& voice, std::int64_t frame, const Trajectory& motion) {
    const Stereo sound = render(voice, frame, frame + 6 * second);
    const auto errors = beat_errors_ms(sound.left, frame, motion, beat_at_120);
    REQUIRE(errors.size() >= 8);
    CHECK(quantile_of_size(errors, 1.0) < 1.0);
}

}  // namespace

TEST_CASE("storage that stalls for two seconds is silence, counted, and then in phase again") {
    StretchVoice voice{{server_rate, static_cast<std::uint32_t>(period), 0}};
    const auto source = std::make_shared<FreezingSource>();
    const Trajectory motion = free_motion(1.05);
    voice.play({StretchMethod::rubberband, source, motion, JackFrame{0}});
    render(voice, 0, second);
    std::int64_t frame = until_whole(voice, second / period * period);
    const StretchHealth before = voice.health();
    source->freeze(true);
    std::uint64_t missing = 0;
    Pacer pacer;
    for (std::int64_t i = 0; i < 2 * second; i += period, frame += period) {
        pacer.cycle();
        missing += read_cycle(voice, frame);
    }
    source->freeze(false);
    frame = until_whole(voice, frame);
    const StretchHealth after = voice.health();
    // The reserve is at most 140 ms deep, so most of the two seconds had to be silent, and every silent frame counts.
    CHECK(missing > 1.8 * second);
    CHECK(after.missing_frames - before.missing_frames >= missing);
    CHECK(after.underruns > before.underruns);
    CHECK(after.restarts > before.restarts);
    CHECK(after.mode == ReserveMode::emergency);
    check_phase(voice, frame, motion);
}

TEST_CASE("a voice whose cycles were missed is in phase at the frame it is asked for") {
    StretchVoice voice{{server_rate, static_cast<std::uint32_t>(period), 0}};
    const Trajectory motion = free_motion(1.05);
    voice.play({StretchMethod::rubberband, std::make_shared<FunctionSource>(drum(beat_at_120)), motion, JackFrame{0}});
    render(voice, 0, second / period * period);
    std::int64_t frame = until_whole(voice, second / period * period);
    frame += 30 * second;
    CHECK(read_cycle(voice, frame) == period);
    frame = until_whole(voice, frame + period);
    CHECK(voice.health().restarts >= 1);
    check_phase(voice, frame, motion);
}

TEST_CASE("a voice told to play something already begun joins in phase, and says how late") {
    StretchVoice voice{{server_rate, static_cast<std::uint32_t>(period), 0}};
    read_cycle(voice, 10 * second);
    const Trajectory motion = free_motion(1.05);
    voice.play({StretchMethod::rubberband, std::make_shared<FunctionSource>(drum(beat_at_120)), motion, JackFrame{0}});
    const std::int64_t frame = until_whole(voice, 10 * second + period);
    CHECK(voice.health().playing);
    check_phase(voice, frame, motion);
}

TEST_CASE("a voice ends while its source is asked") {
    const auto source = std::make_shared<FreezingSource>();
    for (int i = 0; i < 20; ++i) {
        StretchVoice voice{{server_rate, static_cast<std::uint32_t>(period), 0}};
        voice.play({StretchMethod::wsola, source, free_motion(1.0), JackFrame{0}});
        read_cycle(voice, i * period);
        voice.play({StretchMethod::rubberband_fast, source, free_motion(1.1), JackFrame{i * period}});
    }
    CHECK(source.use_count() == 1);
}

TEST_CASE("the reserve deepens with trouble, comes back with calm and never outgrows the line's lead") {
    ReservePolicy policy{server_rate};
    policy.period(128);
    policy.realtime(true);
    for (int i = 0; i < 100; ++i) {
        policy.step(256, 0.0008, 0.0005);
    }
    CHECK(policy.cost() == doctest::Approx(0.0005 * server_rate / 256.0).epsilon(0.1));
    std::int64_t now = 0;
    const auto pass = [&](double seconds, std::int64_t reserve, std::uint64_t underruns) {
        for (const std::int64_t end = now + static_cast<std::int64_t>(seconds * server_rate); now < end; now += 128) {
            policy.look(JackFrame{now}, reserve, underruns);
        }
    };
    pass(1.0, 1000, 0);
    const std::int64_t normal = policy.target();
    CHECK(policy.mode() == ReserveMode::normal);
    CHECK(normal % 128 == 0);
    CHECK(normal <= 60 * 48);  // 60 ms at 128 frames
    pass(0.1, 100, 0);
    CHECK(policy.mode() == ReserveMode::urgent);
    CHECK(policy.target() > normal);
    pass(0.1, 2000, 1);
    CHECK(policy.mode() == ReserveMode::emergency);
    CHECK(policy.target() > 4000);
    CHECK(policy.target() + 256 <= 140 * 48 + 128);
    pass(21.0, 6000, 1);
    CHECK(policy.mode() == ReserveMode::urgent);
    pass(21.0, 6000, 1);
    CHECK(policy.mode() == ReserveMode::normal);
    pass(21.0, 6000, 1);
    CHECK(policy.mode() == ReserveMode::relaxed);
    CHECK(policy.target() < normal);
}

TEST_CASE("a reserve that ran dry again stays deep for twice as long, until it was quiet") {
    ReservePolicy policy{server_rate};
    policy.period(256);
    std::int64_t now = 0;
    const auto pass = [&](double seconds, std::uint64_t underruns) {
        for (const std::int64_t end = now + static_cast<std::int64_t>(seconds * server_rate); now < end; now += 256) {
            policy.look(JackFrame{now}, 6000, underruns);
        }
    };
    pass(0.1, 1);
    pass(21.0, 1);
    CHECK(policy.mode() == ReserveMode::urgent);
    pass(0.1, 2);
    pass(39.0, 2);
    CHECK(policy.mode() == ReserveMode::emergency);
    pass(2.0, 2);
    CHECK(policy.mode() == ReserveMode::urgent);
    pass(41.0, 2);
    CHECK(policy.mode() == ReserveMode::normal);
    pass(41.0 + 21.0, 2);  // quiet twice: both are made up for
    pass(0.1, 3);
    CHECK(policy.mode() == ReserveMode::emergency);
    pass(21.0, 3);
    CHECK(policy.mode() == ReserveMode::urgent);
}

TEST_CASE("a long period is always covered twice") {
    ReservePolicy policy{server_rate};
    policy.period(8192);
    CHECK(policy.target() >= 2 * 8192);
}

TEST_CASE("the list of methods names libraries, latencies and costs") {
    const auto listings = list_stretch();
    REQUIRE(listings.size() == stretch_methods.size());
    for (const StretchListing& listing : listings) {
        CAPTURE(stretch_name(listing.method));
        CHECK(listing.cost_percent > 0.0);
        CHECK(listing.latency_ms < 200.0);
        CHECK((listing.latency_ms > 0.0) == (listing.method != StretchMethod::rate));
    }
    const std::string table = format_stretch_list(listings);
    for (const char* word : {"rate", "rubberband ", "rubberband:fast", "wsola", "Rubber Band 3", "SoundTouch 2"}) {
        CHECK(table.find(word) != std::string::npos);
    }
}
