// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>

namespace crowdjack {

/// A point in time on the steady clock that the session's decisions are told; milliseconds since its epoch.
using SessionTime = std::chrono::milliseconds;

/// The clock of the session's decisions. The decisions themselves are pure: the caller passes the time.
struct SessionClock {
    [[nodiscard]] static SessionTime at(std::chrono::steady_clock::time_point time) {
        return std::chrono::duration_cast<SessionTime>(time.time_since_epoch());
    }
    [[nodiscard]] static SessionTime now() { return at(std::chrono::steady_clock::now()); }
};

/// Seconds on a clock that only grows.
[[nodiscard]] inline double steady_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace crowdjack
