// SPDX-License-Identifier: GPL-3.0-or-later
// The crowd leads an Ableton Link session, or the session leads the line.
#include "bpm-follower/link_bridge.hpp"
#include "tests/support/eventually.hpp"

#include <ableton/Link.hpp>
#include <doctest/doctest.h>

#include <cmath>

using namespace crowdjack;
using namespace crowdjack::test;

TEST_CASE("another Link program runs at the crowd's tempo and in its bar, whatever it was set to") {
    ableton::Link other{100.0};
    other.enable(true);
    LinkBridge bridge{Bpm{120.0}};
    REQUIRE(eventually([&] { return bridge.peers() == 1 && other.numPeers() == 1; }));

    // As the follower does it: again and again, where the line stands now.
    const auto begin = other.clock().micros();
    const auto beat_now = [&](double bpm) {
        return 17.25 + static_cast<double>((other.clock().micros() - begin).count()) * 1e-6 * bpm / 60.0;
    };
    CHECK(eventually([&] {
        bridge.lead(Beats{beat_now(126.0)}, Bpm{126.0});
        const auto state = other.captureAppSessionState();
        const double off = std::remainder(state.beatAtTime(other.clock().micros(), 4.0) - beat_now(126.0), 4.0);
        return std::abs(state.tempo() - 126.0) < 0.02 && std::abs(off) < 0.02;
    }));

    // A light desk that sets its own tempo is overruled.
    auto state = other.captureAppSessionState();
    state.setTempo(90.0, other.clock().micros());
    other.commitAppSessionState(state);
    CHECK(eventually([&] {
        bridge.lead(Beats{beat_now(126.0)}, Bpm{126.0});
        return std::abs(other.captureAppSessionState().tempo() - 126.0) < 0.02;
    }));
}

TEST_CASE("a line that follows a Link session runs at its tempo and in its bar") {
    ableton::Link other{124.0};
    other.enable(true);
    const LinkBridge bridge{Bpm{100.0}};
    REQUIRE(eventually([&] { return bridge.heard().has_value(); }));
    auto state = other.captureAppSessionState();
    state.setTempo(124.0, other.clock().micros());
    other.commitAppSessionState(state);
    CHECK(eventually([&] {
        const auto heard = bridge.heard();
        const double theirs = other.captureAppSessionState().beatAtTime(other.clock().micros(), 4.0);
        return heard && std::abs(heard->bpm - 124.0) < 0.02 &&
               std::abs(std::remainder(heard->beat - theirs, 4.0)) < 0.02;
    }));
}
