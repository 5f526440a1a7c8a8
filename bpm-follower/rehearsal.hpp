// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/conductor.hpp"
#include "bpm-follower/trace_player.hpp"

#include <functional>
#include <vector>

namespace crowdjack {

/// What a dance does to the tempo, moment by moment.
struct Rehearsal {
    struct Moment {
        double time_s{};
        double movement{};  ///< the median in use, fraction
        double target_bpm{}, bpm{};
        FollowerMode mode{};
    };
    struct Report {
        double time_s{}, movement{};
    };
    std::vector<Moment> moments;  ///< four a second
    std::vector<Report> reports;  ///< as they came, fractions
};

/// Plays the trace into a conductor without any server, hours in milliseconds, to its end and the last ramp's.
/// @param told  sees each event and, through Conductor::on_decision(), what came of it; may be empty
[[nodiscard]] Rehearsal rehearse(const ConductorSettings& settings, TracePlayer player,
                                 const std::function<void(double time_s, const TraceEvent&)>& told = {},
                                 const std::function<void(double time_s, const Decision&)>& decided = {});

}  // namespace crowdjack
