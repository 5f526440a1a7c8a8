// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/machine.hpp"

#include <pthread.h>
#include <sched.h>

#include <thread>

namespace crowdjack::test {

int stalls_of_machine(std::chrono::seconds time) {
    int stalls = 0;
    std::thread{[&stalls, time] {
        using namespace std::chrono_literals;
        const sched_param above_jack{.sched_priority = 80};
        if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &above_jack) != 0) {
            return;
        }
        auto at = std::chrono::steady_clock::now();
        for (const auto end = at + time; at < end;) {
            std::this_thread::sleep_until(at += 1ms);
            const auto late = std::chrono::steady_clock::now() - at;
            stalls += late > 1ms ? 1 : 0;
            at += late > 1ms ? late : 0ms;
        }
    }}.join();
    return stalls;
}

}  // namespace crowdjack::test
