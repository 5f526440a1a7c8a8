// SPDX-License-Identifier: GPL-3.0-or-later
// Prints how often this machine stalled by itself within five seconds. What keeps a thread waiting that does nothing
// keeps tests that count samples waiting, too: tests/run then runs fewer of them at a time.
#include "tests/support/machine.hpp"

#include <chrono>
#include <cstdio>

int main() {
    const crowdjack::test::MachineStalls stalls;
    std::this_thread::sleep_for(std::chrono::seconds{5});
    std::printf("%d\n", stalls.so_far());
}
