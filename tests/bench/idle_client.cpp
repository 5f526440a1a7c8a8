// SPDX-License-Identifier: GPL-3.0-or-later
// A JACK client that does nothing, in a process of its own: the floor of what any client costs.
//
// usage: idle_client SERVER NAME OUTPUTS [INPUTS]   (until killed)
#include "tests/support/jack_clients.hpp"

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>

int main(int count, char** arguments) {
    if (count != 4 && count != 5) {
        return 2;
    }
    try {
        const std::size_t inputs = count == 5 ? std::stoul(arguments[4]) : 0;
        const crowdjack::test::IdleClient client{arguments[1], arguments[2], inputs, std::stoul(arguments[3])};
        pause();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return 1;
    }
    return 0;
}
