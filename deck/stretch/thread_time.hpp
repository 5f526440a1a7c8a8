// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ctime>

namespace crowdjack {

/// CPU seconds that the calling thread has used.
[[nodiscard]] inline double thread_seconds() noexcept {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace crowdjack
