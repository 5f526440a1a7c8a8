// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/state_trial.hpp"

#include "common/atomic_file.hpp"
#include "common/error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <functional>
#include <string>
#include <system_error>
#include <utility>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr std::array fatal_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr int most_tries = 2;  ///< of a text whose reader went without a word

// What the signal handler reads: it may not allocate. Written before it is armed.
std::array<char, 4096> crash_mark{};
volatile std::sig_atomic_t armed = 0;

void mark_crash(int number) {
    if (armed != 0) {
        const int fd = ::open(crash_mark.data(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd >= 0) {
            ::close(fd);
        }
    }
    std::signal(number, SIG_DFL);
    ::raise(number);
}

/// A handler that somebody else set (a sanitizer's, the one for files that shrink) stays.
void watch_crashes() {
    for (const int number : fatal_signals) {
        struct sigaction now {};
        if (::sigaction(number, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL) {
            struct sigaction ours {};
            ours.sa_handler = mark_crash;
            ::sigaction(number, &ours, nullptr);
        }
    }
}

}  // namespace

StateTrial::StateTrial(fs::path mark) : mark_{std::move(mark)}, crash_{mark_.string() + ".crashed"} {}

StateTrial::~StateTrial() { armed = 0; }

bool StateTrial::begin(std::string_view text) {
    std::error_code ignored;
    std::size_t known{};
    int tries = 0;
    if (std::ifstream file{mark_}; !(file >> tries >> known)) {
        tries = 0;
    }
    const std::size_t now = std::hash<std::string_view>{}(text);
    const bool crashed = tries > 0 && fs::exists(crash_, ignored);
    fs::remove(crash_, ignored);
    if (crashed || (known == now && tries >= most_tries)) {
        fs::remove(mark_, ignored);
        return false;
    }
    tries = known == now ? tries + 1 : 1;
    try {
        write_atomically(mark_, std::to_string(tries) + " " + std::to_string(now) + "\n", Durability::process);
    } catch (const Failure&) {
        return true;  // nothing can be noted here; that is no reason not to play
    }
    if (crash_.string().size() < crash_mark.size()) {
        crash_.string().copy(crash_mark.data(), crash_mark.size() - 1);
        crash_mark[crash_.string().size()] = '\0';
        armed = 1;
        watch_crashes();
    }
    under_way_ = true;
    return true;
}

void StateTrial::passed() {
    if (std::exchange(under_way_, false)) {
        armed = 0;
        std::error_code ignored;
        fs::remove(mark_, ignored);
    }
}

void set_aside(const fs::path& state) noexcept {
    try {
        std::error_code ignored;
        fs::rename(state, state.string() + ".set-aside", ignored);
    } catch (const std::exception&) {
        return;  // no memory for a name: it stays where it is
    }
}

}  // namespace crowdjack
