// SPDX-License-Identifier: GPL-3.0-or-later
// Exactness on a machine that has other things to do.
#pragma once

#include "tests/support/jack_clients.hpp"
#include "tests/support/machine.hpp"
#include "tests/support/surroundings.hpp"

#include <doctest/doctest.h>

#include <type_traits>

namespace crowdjack::test {

/// True when the machine kept the graph from running: then samples are missing through nobody's fault.
inline bool disturbed(const Capture& capture) { return capture.xruns() > 0 || !capture.gaps().empty(); }

/// Runs `attempt` until the machine let it be: it returns false when it was disturbed and could not be judged, or is
/// not as it should be. Three attempts in each of which the machine stalled by itself are enough; that is no fault of
/// ours, and is counted as skipped. An attempt that asks for them gets the stalls since it began.
template <typename Attempt>
void undisturbed(Attempt attempt) {
    constexpr int most = 8;
    constexpr int given_up = 3;
    int by_the_machine = 0;
    for (int i = 0; i < most && by_the_machine < given_up; ++i) {
        const MachineStalls stalls;
        if constexpr (std::is_invocable_v<Attempt, const MachineStalls&>) {
            if (attempt(stalls)) {
                return;
            }
        } else if (attempt()) {
            return;
        }
        by_the_machine += stalls.so_far() > 0 ? 1 : 0;
    }
    if (by_the_machine >= given_up || tries_other_programs()) {
        MESSAGE("skipped: the machine stalled by itself in ", by_the_machine,
                " disturbed attempts, or a sanitizer slows the programs");
        return;
    }
    FAIL("disturbed in each of eight attempts, though this machine stalled in no three of them");
}

}  // namespace crowdjack::test
