// SPDX-License-Identifier: GPL-3.0-or-later
// Breaks the audio thread's promise in the way its argument names, so that the trap can be seen to work.
#include "common/realtime.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace {

std::mutex contested;
std::unique_ptr<int> kept;

void nothing() {}
void allocate() { kept = std::make_unique<int>(1); }
void release() { kept.reset(); }
void lock() { const std::lock_guard guard{contested}; }
void sleep_a_little() { std::this_thread::sleep_for(std::chrono::microseconds{1}); }
void log_line() { std::fputs("hello\n", stderr); }
void wait_on_atomic() {
    const std::atomic<int> value{0};
    value.wait(0);
}
void read_file() {
    char byte{};
    if (read(STDIN_FILENO, &byte, 1) > 0) {
        std::abort();
    }
}
void allocate_where_exempt() {
    const crowdjack::RealtimeExemption waiting_for_workers;
    allocate();
}

}  // namespace

int main(int count, char** arguments) {
    const std::map<std::string, std::function<void()>> deeds{{"nothing", nothing},
                                                             {"malloc", allocate},
                                                             {"free", release},
                                                             {"pthread_mutex_lock", lock},
                                                             {"nanosleep", sleep_a_little},
                                                             {"fwrite", log_line},
                                                             {"sched_yield", wait_on_atomic},
                                                             {"read", read_file},
                                                             {"exempt", allocate_where_exempt}};
    const auto deed = deeds.find(count > 1 ? arguments[1] : "");
    if (deed == deeds.end()) {
        return 2;
    }
    kept = std::make_unique<int>(0);
    if (crowdjack::on_audio_thread()) {
        return 3;
    }
    {
        const crowdjack::RealtimeScope scope;
        if (!crowdjack::on_audio_thread()) {
            return 4;
        }
        deed->second();
    }
    allocate();
    return 0;
}
