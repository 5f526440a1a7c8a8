// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/bpm_config.hpp"
#include "bpm-follower/conductor.hpp"
#include "common/common_options.hpp"
#include "common/osc_endpoint.hpp"

#include <filesystem>
#include <optional>
#include <vector>

namespace crowdjack {

/// The command line of crowdjack-bpm-follower, checked.
struct FollowerOptions {
    CommonOptions common;
    ConductorSettings conductor;
    BpmConfig config;                  ///< its notices and warnings are still to be said
    std::optional<MovementUnit> unit;  ///< --unit; empty: found out
    std::vector<OscEndpoint> send_to;
    bool eq{false};
    double eq_floor_percent{25.0};
    bool timebase{false};
    bool link{false};                               ///< leads a Link session, or follows it (`outside`)
    OutsideLead outside{OutsideLead::none};         ///< who leads instead of the crowd
    std::filesystem::path replay, plot, trace_out;  ///< empty: not asked for
    double speed{1.0};
};

/// @returns nothing when --help or --version was answered
/// @throws UsageError naming the option, what stands there and what should
[[nodiscard]] std::optional<FollowerOptions> parse_follower_options(int argc, const char* const* argv);

}  // namespace crowdjack
