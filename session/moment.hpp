// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/supervision/lives.hpp"

#include <chrono>

namespace crowdjack {

/// Now, on the clock that the session's decisions are told.
[[nodiscard]] inline Moment moment_now() {
    return std::chrono::duration_cast<Moment>(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace crowdjack
