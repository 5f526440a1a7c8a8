// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>

namespace crowdjack {

/// CLOCK_MONOTONIC in seconds: tells runs of servers apart and peers that fell silent. No music hangs on it.
[[nodiscard]] inline double steady_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace crowdjack
