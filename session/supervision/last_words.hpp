// SPDX-License-Identifier: GPL-3.0-or-later
// What a client of the session printed, as a line of the session's log. Pure.
#pragma once

#include "common/log.hpp"

#include <string>
#include <string_view>

namespace crowdjack {

struct RelayedLine {
    LogLevel level{};
    std::string text;  ///< whole, without its end; fit for a terminal
};

/// Three kinds of lines, each shown at the level it has: `time level crowdjack-deck: event …`, as the suite's programs
/// log, becomes `time level deck-A: event …`; `crowdjack-deck: why`, with which they end, becomes an error of deck-A;
/// anything else becomes `output`, a warning or an error when it begins as one ("ERROR: …", "Cannot …").
[[nodiscard]] RelayedLine relayed_line(const std::string& client, std::string_view line);

}  // namespace crowdjack
