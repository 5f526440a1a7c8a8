// SPDX-License-Identifier: GPL-3.0-or-later
// Prints how often this machine stalled by itself within five seconds, or until its standard input ends. What keeps a
// thread waiting that does nothing keeps tests that count samples waiting, too.
// usage: stalls [until-end-of-input]
#include "tests/support/machine.hpp"

#include <chrono>
#include <cstdio>

int main(int argc, char** /*arguments*/) {
    const crowdjack::test::MachineStalls stalls;
    if (argc == 1) {
        std::this_thread::sleep_for(std::chrono::seconds{5});
    }
    while (argc > 1 && std::getchar() != EOF) {
    }
    std::printf("%d\n", stalls.so_far());
}
