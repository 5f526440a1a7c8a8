// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/conductor.hpp"
#include "bpm-follower/movement_intake.hpp"
#include "bpm-follower/trace.hpp"
#include "common/client_shell.hpp"

#include <functional>

namespace crowdjack {

/// The commands and questions of `/tempo/…` and crowdstream's `/set_tempo`. Control thread only.
class TempoCommands {
public:
    /// @param obeyed  hears of each command done (set, jump, hold, tap, nudge), for the trace
    /// @param now  the frame that is now; while there is no server, the last there was
    TempoCommands(ClientShell& shell, Conductor& conductor, const MovementIntake& intake,
                  std::function<JackFrame()> now, std::function<void(const TraceEvent&)> obeyed);

private:
    void set(const OscRequest& request);
    void jump(const OscRequest& request);
    void hold(const OscRequest& request);
    void tap(const OscRequest& request);
    void nudge(const OscRequest& request);
    void state(const OscRequest& request) const;
    void health(const OscRequest& request) const;

    ClientShell& shell_;
    Conductor& conductor_;
    const MovementIntake& intake_;
    std::function<JackFrame()> now_;
    std::function<void(const TraceEvent&)> obeyed_;
};

}  // namespace crowdjack
