// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/status/snapshot.hpp"

#include <string>
#include <vector>

namespace crowdjack {

/// The answer of `status --check`, for monit, Nagios and systemd.
struct HealthVerdict {
    enum class Level { well = 0, degraded = 1, down = 2 };
    Level level{};
    std::string why;  ///< one line
};

/// Down: no session answers, so nobody mends anything. Degraded: it does, and something is not as it should be; the
/// worst of it is named, and how many things more. Well: the rest.
[[nodiscard]] HealthVerdict health_verdict(const SuiteSnapshot& snapshot);

/// All that is not as it should be, each in words; empty when all is well.
[[nodiscard]] std::vector<std::string> troubles_of(const SuiteSnapshot& snapshot);

}  // namespace crowdjack
