// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/trace_player.hpp"

namespace crowdjack {

void conduct(Conductor& conductor, const TraceEvent& event, JackFrame now) {
    switch (event.kind) {
    case TraceEvent::Kind::total:
        conductor.report(now, event.value, event.zone.empty() ? main_zone : std::string_view{event.zone});
        break;
    case TraceEvent::Kind::set:
        conductor.set(now, Bpm{event.value}, event.extra);
        break;
    case TraceEvent::Kind::hold:
        conductor.hold(now, event.value != 0.0);
        break;
    case TraceEvent::Kind::tap:
        // The tempo that was tapped, where it is known: the trace's times are those of cycles, coarser than fingers.
        if (event.value > 0.0) {
            conductor.set(now, Bpm{event.value}, Conductor::tap_ramp_s);
        } else {
            conductor.tap(now, conductor.seconds_at(now));
        }
        break;
    case TraceEvent::Kind::nudge:
        conductor.nudge(now, Beats{event.value});
        break;
    case TraceEvent::Kind::jump:
        conductor.jump(now, Bpm{event.value});
        break;
    case TraceEvent::Kind::arms:
    case TraceEvent::Kind::legs:
    case TraceEvent::Kind::head:
    case TraceEvent::Kind::people:
        break;
    }
}

}  // namespace crowdjack
