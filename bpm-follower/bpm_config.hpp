// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/movement.hpp"
#include "bpm-follower/tempo_table.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

/// What crowdstream's bpm_config.json settles.
struct BpmConfig {
    TableSettings table;
    double up_s{30.0}, down_s{30.0};                             ///< length of a ramp, s
    MovementUnit above_one{MovementUnit::Kind::percent, 100.0};  ///< unit of sources that send more than 1
    std::vector<std::string> notices;                            ///< one line each, for the log
    std::vector<std::string> warnings;
};

/// Reads `movement_bpm` of a bpm_config.json: a missing key is its default, an unknown one a warning, a wrong one an
/// error.
///
/// `movement_max_value` up to 1 is the movement at which the tempo reaches its highest (as in crowdstream); above 1 it
/// is what values above 1 are measured against. The per-block smoothing factors are read and ignored with one notice.
/// @param name  how messages call the text, e.g. its path
/// @throws UsageError that names the key, what stands there and what should
[[nodiscard]] BpmConfig parse_bpm_config(std::string_view text, const std::string& name);

/// @throws UsageError also when the file can't be read
[[nodiscard]] BpmConfig read_bpm_config(const std::filesystem::path& path);

}  // namespace crowdjack
