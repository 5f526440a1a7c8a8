// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/machine.hpp"

#include <pthread.h>
#include <sched.h>

#include <chrono>

namespace crowdjack::test {

MachineStalls::MachineStalls() : thread_{[this](const std::stop_token& over) { watch(over); }} {}

void MachineStalls::watch(const std::stop_token& over) {
    using namespace std::chrono_literals;
    const sched_param above_jack{.sched_priority = 80};
    if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &above_jack) != 0) {
        return;
    }
    for (auto at = std::chrono::steady_clock::now(); !over.stop_requested();) {
        std::this_thread::sleep_until(at += 1ms);
        const auto late = std::chrono::steady_clock::now() - at;
        if (late > 1ms) {
            count_.fetch_add(1, std::memory_order_relaxed);
            at += late;
        }
    }
}

}  // namespace crowdjack::test
