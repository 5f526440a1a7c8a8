// SPDX-License-Identifier: GPL-3.0-or-later
// What the machine does to tests by itself.
#pragma once

#include <chrono>

namespace crowdjack::test {

/// How often in that time a thread that does nothing, of a higher priority than JACK's, woke more than a millisecond
/// late: what keeps it waiting is the machine's own (another guest of its host), no program here. 0 where threads may
/// have no such priority.
[[nodiscard]] int stalls_of_machine(std::chrono::seconds time = std::chrono::seconds{1});

}  // namespace crowdjack::test
