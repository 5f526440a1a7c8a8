// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/rehearsal.hpp"

#include <algorithm>
#include <cstdint>

namespace crowdjack {

namespace {

constexpr double rehearsal_rate = 48000.0;
constexpr std::int64_t tick_frames = 480;
constexpr int ticks_per_moment = 25;

}  // namespace

Rehearsal rehearse(const ConductorSettings& settings, TracePlayer player,
                   const std::function<void(double, const TraceEvent&)>& told,
                   const std::function<void(double, const Decision&)>& decided) {
    Rehearsal result;
    Conductor conductor{settings, rehearsal_rate};
    double seconds = 0.0;
    conductor.begin(JackFrame{0}, rehearsal_rate);
    conductor.on_decision([&](const Decision& decision) {
        if (decided) {
            decided(seconds, decision);
        }
    });
    const double end_s = player.length_s() + std::max(settings.up_s, settings.down_s) + 1.0;
    for (std::int64_t tick = 0; seconds <= end_s; ++tick) {
        const JackFrame now{tick * tick_frames};
        seconds = conductor.seconds_at(now);
        player.play_to(seconds, [&](const TraceEvent& event) {
            if (event.kind == TraceEvent::Kind::total) {
                result.reports.push_back({seconds, event.value});
            }
            if (told) {
                told(seconds, event);
            }
            conduct(conductor, event, now);
        });
        conductor.tick(now);
        if (tick % ticks_per_moment == 0) {
            result.moments.push_back({seconds, conductor.movement(), conductor.target().value,
                                      conductor.bpm_at(now).value, conductor.mode()});
        }
    }
    return result;
}

}  // namespace crowdjack
