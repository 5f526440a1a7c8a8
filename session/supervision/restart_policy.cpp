// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/supervision/restart_policy.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>

namespace crowdjack {

std::string Ending::text() const {
    if (by_us) {
        return "killed: its audio thread stood still";
    }
    if (!known) {
        return "it ended";
    }
    if (!by_signal) {
        return "exit code " + std::to_string(code);
    }
    const char* name = ::sigabbrev_np(code);
    return "signal " + std::to_string(code) + (name != nullptr ? std::string{" (SIG"} + name + ")" : std::string{});
}

void RestartPolicy::started(SessionTime now) {
    ++starts_;
    started_at_ = now;
    ready_at_.reset();
}

void RestartPolicy::ready(SessionTime now) {
    if (!ready_at_) {
        ready_at_ = now;
    }
}

std::optional<SessionTime> RestartPolicy::ended(SessionTime now, const Ending& ending) {
    const bool lived = ready_at_ && now - *ready_at_ >= short_run;
    // kill -9, from outside or by the watchdog: no fault that a restart would repeat at once.
    const bool killed = ending.by_signal && ending.code == SIGKILL;
    if (!lived || !killed) {
        crashes_.push_back(now);
    }
    while (!crashes_.empty() && now - crashes_.front() > crash_window) {
        crashes_.pop_front();
    }
    if (crashes_.size() >= crash_limit) {
        return std::nullopt;
    }
    if (lived) {
        next_wait_ = SessionTime{0};
    }
    const SessionTime wait = next_wait_;
    next_wait_ = std::clamp(wait * 2, first_wait, longest_wait);
    return wait;
}

}  // namespace crowdjack
