// SPDX-License-Identifier: GPL-3.0-or-later
// A deck on a second machine, over cables of several qualities: how far from the common frame it is heard, and what the
// mix loses of it.
//
// usage: two_machines_link [SECONDS]   (for which each is listened to, 20 by default)
#include "tests/set/two_machines.hpp"
#include "tests/support/figures.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <vector>

using namespace crowdjack::test;

namespace {

std::string shown_cable(const Cable& cable) {
    return shown(cable.delay_ms) + " to " + shown(cable.delay_ms + cable.jitter_ms) + " ms, " +
           shown(cable.loss_percent) + " % lost";
}

/// @returns false when the deck is not heard at all
bool measure(const Cable& cable, double seconds) {
    constexpr std::int64_t millisecond = 48;
    TwoMachines machines{cable};
    const bool known = machines.clock_is_known();
    const auto start = machines.start_both();
    const auto frames = static_cast<std::int64_t>(seconds * 48'000.0);
    (void)machines.ears().wait_until(start + frames);
    const auto heard = listen(machines.ears(), 1, start - 24'000);
    const auto off = heard.first - start - TwoMachines::master_delay;
    const auto wrong = wrong_frames(machines.ears(), 0, start, start + TwoMachines::master_delay, start + frames,
                                    TwoMachines::master_delay);
    print_figure("T1",
                 "a deck on a second machine (NetJACK2, -l 5, 256 frames), a cable of " + shown_cable(cable) +
                     ": from the common frame; its samples lost in " + shown(seconds) +
                     " s; wrong ones of the deck here",
                 (known ? "" : "clock not known, on arrival: ") + std::to_string(off) + "; " +
                     std::to_string(heard.lost) + "; " + std::to_string(wrong),
                 cable.jitter_ms <= 2.0 && cable.loss_percent == 0.0 ? "≤ 48 frames; stated; 0" : "stated",
                 std::abs(off) <= millisecond && wrong == 0);
    return heard.first >= 0;
}

}  // namespace

int main(int count, char** arguments) {
    const double seconds = count > 1 ? std::atof(arguments[1]) : 20.0;
    bool all = true;
    for (const Cable& cable : std::vector<Cable>{
             {0.0, 0.0, 0.0}, {0.1, 0.1, 0.0}, {0.5, 1.0, 0.0}, {0.5, 2.0, 0.0}, {0.5, 5.0, 0.0}, {0.1, 0.1, 0.1}}) {
        try {
            all = measure(cable, seconds) && all;
        } catch (const std::exception& failure) {
            std::fprintf(stderr, "%s: %s\n", shown_cable(cable).c_str(), failure.what());
            all = false;
        }
    }
    return all ? 0 : 1;
}
