// SPDX-License-Identifier: GPL-3.0-or-later
// Prints how often this machine stalled by itself within five seconds. What keeps a thread waiting that does nothing
// keeps tests that count samples waiting, too: tests/run then runs fewer of them at a time.
#include "tests/support/machine.hpp"

#include <cstdio>

int main() { std::printf("%d\n", crowdjack::test::stalls_of_machine(std::chrono::seconds{5})); }
