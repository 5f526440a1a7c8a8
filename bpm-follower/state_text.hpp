// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/conductor.hpp"
#include "bpm-follower/source_units.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// What is known of the units that movement is reported in.
struct SavedUnits {
    /// `fraction`, `percent`, `raw:MAX`, or `auto` when a person asked for it to be found out; empty: nobody asked, the
    /// command line counts.
    std::string asked_for;
    std::vector<MovementSource> found;  ///< sources that were found not to speak in fractions
};

/// What CLIENT.state holds: the conductor's state, the units, and when it was so.
struct SavedState {
    ConductorState conductor;
    double rate{48000.0};  ///< of the server, Hz
    /// Seconds of the machine's uptime (CLOCK_BOOTTIME): tells whether the server is still the same.
    double saved_at_s{};
    SavedUnits units{};
};

/// JSON; frames as their low 32 bits.
[[nodiscard]] std::string to_text(const SavedState& state);

/// @throws Failure that says what is wrong with it; frames come back as 0…2^32 - 1, to be unwrapped near now
[[nodiscard]] SavedState parse_state(const std::string& text);

/// The saved lines in the frames of the server that runs now, if it is the one they were made on: its clock must have
/// gone on by as much as the machine's since (to 2 s).
[[nodiscard]] std::optional<std::vector<AnnouncedLine>> lines_if_same_server(const SavedState& state, JackFrame now,
                                                                             double rate, double uptime_s);

/// Seconds of the machine's uptime.
[[nodiscard]] double uptime_s();

}  // namespace crowdjack
