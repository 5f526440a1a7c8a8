// SPDX-License-Identifier: GPL-3.0-or-later
// Exactness on a machine that has other things to do.
#pragma once

#include "tests/support/jack_clients.hpp"
#include "tests/support/surroundings.hpp"

#include <doctest/doctest.h>

namespace crowdjack::test {

/// True when the machine kept the graph from running: then samples are missing through nobody's fault.
inline bool disturbed(const Capture& capture) { return capture.xruns() > 0 || !capture.gaps().empty(); }

/// Runs `attempt` until the machine let it be: it returns false when it was disturbed and could not be judged, or is
/// not as it should be.
template <typename Attempt>
void undisturbed(Attempt attempt) {
    for (int i = 0; i < 8; ++i) {
        if (attempt()) {
            return;
        }
    }
    if (tries_other_programs()) {
        MESSAGE("skipped: this machine stalled in each of eight attempts beside a sanitizer's programs");
        return;
    }
    FAIL("this machine stalled in each of eight attempts");
}

}  // namespace crowdjack::test
