// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace crowdjack {

/// Which session stands in the way of one on `server` with a front door at `ports`: "session set.toml (pid 123) on
/// server 'default'"; "" when none does.
[[nodiscard]] std::string session_in_the_way(const std::string& server, const std::vector<std::uint16_t>& ports);

}  // namespace crowdjack
