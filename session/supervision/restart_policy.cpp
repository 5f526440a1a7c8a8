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

Restart RestartPolicy::ended(SessionTime now, const Ending& ending) {
    const SessionTime lived = ready_at_ ? now - *ready_at_ : SessionTime{0};
    // kill -9, from outside or by the watchdog: no fault that a restart would repeat at once.
    const bool killed = ending.by_signal && ending.code == SIGKILL;
    if (lived >= good_run) {
        failures_ = 0;
    }
    if (killed && ready_at_ && lived >= short_run) {
        failures_ = 0;  // it had done its work until somebody ended it
        return {};
    }
    if (failures_++ == 0) {
        trouble_since_ = now;
        return {};
    }
    const SessionTime wait = std::clamp((now - trouble_since_) / 4, first_wait, longest_wait);
    return {wait, failures_ <= failing_from || failures_ % said_each == 0};
}

}  // namespace crowdjack
