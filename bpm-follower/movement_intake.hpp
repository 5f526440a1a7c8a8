// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/movement.hpp"
#include "bpm-follower/trace.hpp"
#include "common/osc_server.hpp"

#include <functional>
#include <optional>

namespace crowdjack {

/// Hears the movement reports of a detector, in all their spellings, and hands them on as fractions. Control thread
/// only.
class MovementIntake {
public:
    /// @param heard  gets kind total, arms, legs, head (0…1) or people; its time is not filled in
    /// @param now_s  the time on the JACK clock, s
    MovementIntake(OscServer& osc, std::optional<MovementUnit> settled, MovementUnit above_one,
                   std::function<void(const TraceEvent&)> heard, std::function<double()> now_s);

    /// From now on reports are heard but not handed on: a trace plays instead.
    void ignore_network() noexcept { ignoring_ = true; }

private:
    void listen(OscServer& osc, const std::string& address, TraceEvent::Kind kind);
    void take(const OscRequest& request, TraceEvent::Kind kind);
    void say(SourceUnits::Notice notice, const OscRequest& request, double value) const;

    SourceUnits units_;
    std::function<void(const TraceEvent&)> heard_;
    std::function<double()> now_s_;
    bool ignoring_{false};
};

}  // namespace crowdjack
