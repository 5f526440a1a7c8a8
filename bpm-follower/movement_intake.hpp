// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/source_units.hpp"
#include "bpm-follower/state_text.hpp"
#include "bpm-follower/trace.hpp"
#include "common/movement_address.hpp"
#include "common/osc_server.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace crowdjack {

/// Hears the movement reports of detectors, in all their spellings and zones, and hands them on as fractions; answers
/// `/tempo/unit`. Control thread only.
class MovementIntake {
public:
    struct Hooks {
        /// Gets kind total, arms, legs, head (0…1) or people; its time is not filled in.
        std::function<void(const TraceEvent&)> heard;
        /// What was heard before was read in another unit.
        std::function<void()> unit_changed;
        std::function<double()> now_s;  ///< the time on the JACK clock, s
    };

    MovementIntake(OscServer& osc, std::optional<MovementUnit> settled, MovementUnit above_one, Hooks hooks);

    /// From now on reports are heard but not handed on: a trace plays instead.
    void ignore_network() noexcept { ignoring_ = true; }

    struct Counters {
        std::uint64_t reports{};  ///< handed on
        std::uint64_t refused{};  ///< negative or not a number, or with the wrong arguments
    };
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    [[nodiscard]] const SourceUnits& units() const noexcept { return units_; }

    [[nodiscard]] SavedUnits saved() const;
    void restore(const SavedUnits& saved);

private:
    void take(const OscRequest& request, MovementAddress address);
    void hear(const OscRequest& request, MovementAddress address);
    void unit(const OscRequest& request);
    void say(SourceUnits::Notice notice, const OscRequest& request, double value) const;

    SourceUnits units_;
    Hooks hooks_;
    Counters counters_;
    bool ignoring_{false};
    bool asked_for_{false};  ///< a person settled the unit at run time
};

}  // namespace crowdjack
