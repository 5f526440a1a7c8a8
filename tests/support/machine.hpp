// SPDX-License-Identifier: GPL-3.0-or-later
// What the machine does to tests by itself.
#pragma once

#include <atomic>
#include <thread>

namespace crowdjack::test {

/// Counts, from when it is made, how often a thread that does nothing, of a higher priority than JACK's, woke more than
/// a millisecond late: what keeps it waiting is the machine's own (another guest of its host), no program here. None
/// where threads may have no such priority.
class MachineStalls {
public:
    MachineStalls();
    [[nodiscard]] int so_far() const noexcept { return count_.load(std::memory_order_relaxed); }

private:
    void watch(const std::stop_token& over);

    std::atomic<int> count_{0};
    std::jthread thread_;  ///< ends first
};

}  // namespace crowdjack::test
