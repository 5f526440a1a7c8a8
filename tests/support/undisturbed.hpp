// SPDX-License-Identifier: GPL-3.0-or-later
// Exactness on a machine that has other things to do.
#pragma once

#include "tests/support/jack_clients.hpp"
#include "tests/support/machine.hpp"
#include "tests/support/surroundings.hpp"

#include <doctest/doctest.h>

#include <chrono>

namespace crowdjack::test {

/// True when the machine kept the graph from running: then samples are missing through nobody's fault.
inline bool disturbed(const Capture& capture) { return capture.xruns() > 0 || !capture.gaps().empty(); }

/// Runs `attempt` until the machine let it be: it returns false when it was disturbed and could not be judged, or is
/// not as it should be. A machine that stalls by itself is given up soon; that is no fault of ours, and is counted as
/// skipped.
template <typename Attempt>
void undisturbed(Attempt attempt) {
    constexpr int most = 8;
    constexpr int given_up = 3;
    for (int i = 1; i <= most; ++i) {
        if (attempt()) {
            return;
        }
        const std::chrono::seconds look{i == most ? 5 : 1};
        if (i >= given_up && (tries_other_programs() || stalls_of_machine(look) > 1)) {
            MESSAGE("skipped: this machine stalls by itself, or is slowed by a sanitizer: disturbed in each of ", i,
                    " attempts");
            return;
        }
    }
    FAIL("disturbed in each of eight attempts, though this machine does not stall by itself");
}

}  // namespace crowdjack::test
