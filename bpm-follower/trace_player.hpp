// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/conductor.hpp"
#include "bpm-follower/trace.hpp"

#include <cstddef>
#include <functional>
#include <utility>

namespace crowdjack {

/// Plays a trace into whatever takes its events, on the JACK clock: event i comes at start + time / speed.
class TracePlayer {
public:
    /// @param speed  > 0; 2 is twice as fast
    TracePlayer(Trace trace, double speed) : trace_{std::move(trace)}, speed_{speed} {}

    /// Hands over all events due by `elapsed_s` since the beginning. @returns false when the trace is over
    bool play_to(double elapsed_s, const std::function<void(const TraceEvent&)>& take) {
        while (next_ < trace_.events.size() && trace_.events[next_].time_s <= elapsed_s * speed_) {
            take(trace_.events[next_++]);
        }
        return next_ < trace_.events.size();
    }

    /// Seconds of playing from the first to the last event.
    [[nodiscard]] double length_s() const noexcept { return trace_.duration_s / speed_; }
    [[nodiscard]] const Trace& trace() const noexcept { return trace_; }

private:
    Trace trace_;
    double speed_;
    std::size_t next_{};
};

/// Does to the conductor what the event says; limbs and people are no concern of the tempo.
void conduct(Conductor& conductor, const TraceEvent& event, JackFrame now);

}  // namespace crowdjack
