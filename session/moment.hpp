// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/supervision/lives.hpp"

#include <chrono>

namespace crowdjack {

/// The clock that the session's decisions are told.
[[nodiscard]] inline Moment moment_of(std::chrono::steady_clock::time_point time) {
    return std::chrono::duration_cast<Moment>(time.time_since_epoch());
}
[[nodiscard]] inline Moment moment_now() { return moment_of(std::chrono::steady_clock::now()); }

}  // namespace crowdjack
