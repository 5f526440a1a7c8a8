// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/eventually.hpp"

#include <thread>

namespace crowdjack::test {

bool eventually(const std::function<bool()>& condition, Deadline deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) {
            return condition();
        }
        std::this_thread::sleep_for(std::chrono::microseconds{500});
    }
    return true;
}

}  // namespace crowdjack::test
