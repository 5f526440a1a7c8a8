// SPDX-License-Identifier: GPL-3.0-or-later
// Breaks the audio thread's promise in the way its argument names, so that the trap can be seen to work.
#include "common/realtime.hpp"

#include <sys/mman.h>
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
/// A page that nobody has touched yet.
void* const untouched = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
void touch_new_memory() { *static_cast<volatile char*>(untouched) = 1; }
void allocate_where_exempt() {
    const crowdjack::RealtimeExemption waiting_for_workers;
    allocate();
}

int do_in_a_cycle(const std::string& name, const std::function<void()>& deed) {
    { const crowdjack::RealtimeScope first_cycle; }
    if (name == "late touch") {
        std::this_thread::sleep_for(std::chrono::milliseconds{2100});
    }
    const crowdjack::RealtimeScope scope;
    if (!crowdjack::on_audio_thread()) {
        return 4;
    }
    deed();
    return 0;
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
                                                             {"first touch", touch_new_memory},
                                                             {"late touch", touch_new_memory},
                                                             {"exempt", allocate_where_exempt}};
    const auto deed = deeds.find(count > 1 ? arguments[1] : "");
    if (deed == deeds.end()) {
        return 2;
    }
    kept = std::make_unique<int>(0);
    if (crowdjack::on_audio_thread()) {
        return 3;
    }
    int result = 0;
    std::thread{[&] { result = do_in_a_cycle(deed->first, deed->second); }}.join();
    allocate();
    return result;
}
