// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/tune/report.hpp"
#include "session/tune/stage.hpp"

#include <atomic>
#include <cstdint>

namespace crowdjack {

/// Runs the stage's session at one period size on a server of its own, plays a track on every deck through the EQ, and
/// measures for `seconds`. Blocks; ends everything it started, also when interrupted.
/// @param interrupted  set when SIGINT or SIGTERM came: the caller should stop, too
[[nodiscard]] TuneResult measure_period(const TuneStage& stage, std::uint32_t period, double seconds,
                                        bool& interrupted);

}  // namespace crowdjack
