// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/soak/stalls.hpp"

#include "tests/support/process.hpp"

#include <jack/thread.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <utility>

namespace crowdjack::test::soak {

namespace {

constexpr std::chrono::milliseconds rest{2};
constexpr std::chrono::milliseconds stall{1};

/// Of this moment. Not jack_frame_time(): after a stall that lies far off for seconds.
std::int64_t present_frame(jack_client_t* client) {
    jack_nframes_t first{};
    jack_nframes_t since{};
    do {
        first = jack_last_frame_time(client);
        since = jack_frames_since_cycle_start(client);
    } while (first != jack_last_frame_time(client));
    return static_cast<std::int64_t>(first) + since;
}

}  // namespace

StallWitness::StallWitness(jack_client_t* client, int below, std::vector<pid_t> own)
    : client_{client}, own_{std::move(own)} {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    sched_param parameters{};
    parameters.sched_priority = std::max(0, jack_client_real_time_priority(client) - below);
    for (unsigned processor = 0; processor < CPU_SETSIZE; ++processor) {
        if (!CPU_ISSET(processor, &allowed)) {
            continue;
        }
        auto& thread = threads_.emplace_back([this, processor] { watch(processor); });
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(processor, &one);
        pthread_setaffinity_np(thread.native_handle(), sizeof one, &one);
        realtime_ = pthread_setschedparam(thread.native_handle(), SCHED_FIFO, &parameters) == 0 && realtime_;
    }
}

StallWitness::~StallWitness() {
    over_.store(true, std::memory_order_relaxed);
    for (auto& thread : threads_) {
        thread.join();
    }
}

void StallWitness::watch(unsigned processor) {
    using Clock = std::chrono::steady_clock;
    auto before = Clock::now();
    double own = own_seconds();
    std::int64_t frame = present_frame(client_);
    while (!over_.load(std::memory_order_relaxed)) {
        std::this_thread::sleep_for(rest);
        const auto now = Clock::now();
        const std::int64_t frame_now = present_frame(client_);
        const double own_now = own_seconds();
        if (now - before > rest + stall) {
            const std::lock_guard lock{mutex_};
            stalls_.push_back(
                {frame, frame_now, std::llround((own_now - own) * jack_get_sample_rate(client_)), processor});
        }
        before = now;
        frame = frame_now;
        own = own_now;
    }
}

double StallWitness::own_seconds() const {
    double seconds = 0.0;
    for (const pid_t process : own_) {
        seconds += cpu_seconds_of(process);
    }
    return seconds;
}

std::int64_t StallWitness::stalled_within(std::int64_t from, std::int64_t to) const {
    const std::lock_guard lock{mutex_};
    std::map<unsigned, std::int64_t> away;
    for (const Stall& each : stalls_) {
        const std::int64_t within = std::min(each.to, to) - std::max(each.from, from);
        away[each.processor] += std::max<std::int64_t>(0, within - each.own);
    }
    std::int64_t longest = 0;
    for (const auto& [processor, frames] : away) {
        longest = std::max(longest, frames);
    }
    return longest;
}

}  // namespace crowdjack::test::soak
