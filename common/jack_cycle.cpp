// SPDX-License-Identifier: GPL-3.0-or-later
// What a JACK client does in each cycle, and how it tells missed cycles from a new clock.
#include "common/jack_client.hpp"
#include "common/jack_thread.hpp"
#include "common/log.hpp"

#include <jack/midiport.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <thread>

namespace crowdjack {

namespace {

std::uint64_t monotonic_ns() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);  // answered by the vDSO, no system call
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

/// Asks for the first 512 bytes of what is about to be touched: cold memory comes while something else is done.
void fetch(const void* place) noexcept {
    constexpr std::size_t line = 64;
    for (std::size_t i = 0; i < 8; ++i) {
        __builtin_prefetch(static_cast<const char*>(place) + i * line);
    }
}

/// When the cycle at hand, or the latest one, was due.
jack_time_t cycle_time(jack_client_t* client) noexcept {
    jack_nframes_t frames{};
    jack_time_t now{};
    jack_time_t next{};
    float period{};
    return jack_get_cycle_times(client, &frames, &now, &next, &period) == 0 ? now : monotonic_ns() / 1000;
}

}  // namespace

CROWDJACK_EVERY_CYCLE int JackClient::process_callback(jack_nframes_t frames, void* self) {
    on_jack_thread([frames, self] { static_cast<JackClient*>(self)->run_cycle(frames); });
    return 0;
}

CROWDJACK_EVERY_CYCLE void JackClient::run_cycle(jack_nframes_t frames) noexcept {
    const RealtimeScope audio_thread;
    fetch(&process_);
    const std::uint64_t begin_ns = monotonic_ns();
    in_cycle_.store(true);
    if (!held_.load()) {
        take_clock(frames);
    }
    if (period_.load(std::memory_order_relaxed) != frames) {
        period_.store(frames, std::memory_order_relaxed);
    }
    for (std::size_t i = 0; i < port_count_; ++i) {
        buffers_[i] = jack_port_get_buffer(ports_[i], frames);
    }
    const bool too_long = frames > longest_cycle;
    if (too_long != too_long_.load(std::memory_order_relaxed)) {
        too_long_.store(too_long, std::memory_order_relaxed);
        notice();
    }
    if (held_.load() || too_long) {
        sound_nothing(frames);
    } else {
        process_.process({{unwrapped_},
                          frames,
                          freewheeling_.load(std::memory_order_relaxed),
                          std::span<void* const>{buffers_.data(), port_count_},
                          client_,
                          std::span<const std::atomic<std::uint32_t>>{connections_.data(), port_count_}});
    }
    in_cycle_.store(false);
    beat_at(begin_ns);
    const std::uint64_t took_us = (monotonic_ns() - begin_ns + 500) / 1000;
    worst_us_.store(std::max(worst_us_.load(std::memory_order_relaxed), took_us), std::memory_order_relaxed);
    total_us_.fetch_add(took_us, std::memory_order_relaxed);
    measured_cycles_.fetch_add(1, std::memory_order_relaxed);
}

void JackClient::sound_nothing(jack_nframes_t frames) noexcept {
    for (std::size_t i = 0; i < port_count_; ++i) {
        if (settings_.ports[i].direction != PortDirection::output) {
            continue;
        }
        if (settings_.ports[i].kind == PortKind::midi) {
            jack_midi_clear_buffer(buffers_[i]);
        } else {
            std::fill_n(static_cast<float*>(buffers_[i]), frames, 0.0F);
        }
    }
}

CROWDJACK_EVERY_CYCLE void JackClient::take_clock(jack_nframes_t frames) noexcept {
    const jack_nframes_t wire = jack_last_frame_time(client_);
    if (!first_cycle_ && wire != next_wire_ && clock_broke(wire, frames)) {
        // The old frames count until control has told everybody.
        held_.store(true);
        clock_broke_.store(true, std::memory_order_release);
        notice();
        return;
    }
    unwrapped_ = first_cycle_ ? static_cast<std::int64_t>(wire) : unwrap(wire, {unwrapped_}).value;
    first_cycle_ = false;
    freewheeled_ = freewheeling_.load(std::memory_order_relaxed);
    next_wire_ = wire + frames;
    cycle_usecs_ = cycle_usecs();
    last_frame_.store(unwrapped_, std::memory_order_release);
}

/// When the cycle at hand was due. A client without cycles sees many at once, of which the server's own estimate may be
/// seconds late after a standstill: for it, now.
jack_time_t JackClient::cycle_usecs() const noexcept {
    return process_.wants_cycles() ? cycle_time(client_) : monotonic_ns() / 1000;
}

/// The clock stands elsewhere than after the last cycle. Missed cycles take as long as the frames they miss: to a few
/// periods' rounding, and to what two sound cards' clocks differ. A server that stood still may have counted no frames
/// meanwhile, which a client without cycles sees at once: that is no other clock.
bool JackClient::clock_broke(jack_nframes_t wire, jack_nframes_t frames) noexcept {
    if (freewheeled_ || freewheeling_.load(std::memory_order_relaxed)) {
        return false;  // its frames take no time
    }
    constexpr double most_drift = 0.02;
    constexpr double slack_s = 0.03;
    const auto last_wire = static_cast<jack_nframes_t>(unwrapped_);
    const auto counted = static_cast<double>(static_cast<std::int32_t>(wire - last_wire));
    const auto passed_us = static_cast<std::int64_t>(cycle_usecs() - cycle_usecs_);
    const double passed = 1e-6 * static_cast<double>(passed_us) * format_.rate;
    const double longest = static_cast<double>(std::max(frames, next_wire_ - last_wire));
    const double off = process_.wants_cycles() ? std::abs(counted - passed) : std::max(counted - passed, -counted);
    return off > 3.0 * longest + slack_s * format_.rate + most_drift * passed;
}

CROWDJACK_EVERY_CYCLE void JackClient::beat_at(std::uint64_t begin_ns) noexcept {
    pulse_.beat_ns.store(begin_ns, std::memory_order_relaxed);
    pulse_.cycles.fetch_add(1, std::memory_order_relaxed);
    cycles_.fetch_add(1, std::memory_order_release);
}

void JackClient::read_clock() noexcept {
    if (client_ == nullptr || process_.wants_cycles()) {
        return;
    }
    if (!held_.load()) {
        const std::int64_t before = unwrapped_;
        const jack_nframes_t frames = jack_get_buffer_size(client_);
        take_clock(frames);
        next_wire_ = static_cast<jack_nframes_t>(unwrapped_);
        if (unwrapped_ != before) {
            beat_at(monotonic_ns());
        }
        period_.store(frames, std::memory_order_relaxed);
    }
}

JackFrame JackClient::frame_outside() const noexcept {
    const JackFrame known{last_frame_.load(std::memory_order_acquire)};
    return client_ == nullptr || held_.load() ? known : unwrap(jack_last_frame_time(client_), known);
}

JackFrame JackClient::frame_now() const noexcept {
    if (client_ == nullptr || held_.load()) {
        return last_frame();
    }
    WireFrame first{};
    jack_nframes_t since{};
    do {
        first = jack_last_frame_time(client_);
        since = jack_frames_since_cycle_start(client_);
    } while (first != jack_last_frame_time(client_));
    return unwrap(first, last_frame()) + Frames{std::min(since, period())};
}

// ---- from a cycle to control, and back ------------------------------------------------------------------------------

/// Wakes control. From a cycle only when the server itself stumbled: one write that never waits.
void JackClient::notice() noexcept {
    const RealtimeExemption rare;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(notice_fd_, &one, sizeof one);
}

void JackClient::take_notices() {
    std::uint64_t count{};
    [[maybe_unused]] const auto bytes = ::read(notice_fd_, &count, sizeof count);
    if (client_ == nullptr || gone_.load(std::memory_order_relaxed)) {
        return;
    }
    if (clock_broke_.load(std::memory_order_acquire) ||
        static_cast<double>(jack_get_sample_rate(client_)) != format_.rate) {
        begin_new_run();
    }
    const bool too_long = too_long_.load(std::memory_order_relaxed);
    if (std::exchange(said_too_long_, too_long) == too_long) {
        return;
    }
    if (too_long) {
        log_event(LogLevel::error, "period-too-long",
                  {{"period", period()},
                   {"most", longest_cycle},
                   {"do", "silent until it is 8192 frames or less: set a smaller buffer size or quantum"}});
    } else {
        log_event(LogLevel::info, "period-fits-again", {{"period", period()}});
    }
}

/// Has the audio thread sound nothing from its next cycle on, and waits for the one at hand. False when that hangs.
bool JackClient::hold_cycles() {
    constexpr auto patience = std::chrono::milliseconds{500};
    held_.store(true);
    const auto until = std::chrono::steady_clock::now() + patience;
    while (in_cycle_.load()) {
        if (std::chrono::steady_clock::now() > until) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::microseconds{100});
    }
    return true;
}

void JackClient::begin_new_run() {
    if (!hold_cycles()) {
        notice();  // a cycle that hangs: try again rather than change things under it
        return;
    }
    const double old_rate = format_.rate;
    const bool jumped = clock_broke_.exchange(false);
    const ServerFormat format{static_cast<double>(jack_get_sample_rate(client_)), jack_get_buffer_size(client_)};
    log_event(LogLevel::warning, format.rate != old_rate ? "server-rate-changed" : "server-clock-jumped",
              {{"rate", format.rate},
               {"rate-before", old_rate},
               {"frame-before", wire_frame({unwrapped_})},
               {"frame", jack_last_frame_time(client_)},
               {"clock-jumped", jumped},
               {"do", "as after a restart of the server: frames of before are void"}});
    if (new_run_) {
        new_run_(false);
    }
    format_ = format;
    first_cycle_ = true;
    process_.prepare(format_);
    held_.store(false);
    read_clock();
    if (new_run_) {
        new_run_(true);
    }
}

int JackClient::rate_callback(jack_nframes_t /*rate*/, void* self) {
    static_cast<JackClient*>(self)->notice();  // control compares
    return 0;
}

}  // namespace crowdjack
