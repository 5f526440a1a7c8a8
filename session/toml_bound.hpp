// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/session_file.hpp"

#include <cstddef>
#include <string_view>

namespace crowdjack {

inline constexpr std::size_t largest_session_file = 1024 * 1024;  ///< bytes
inline constexpr int deepest_session_file = 64;                   ///< tables and lists within each other

/// What is too much of a TOML text: the parser takes a step of the stack for each table within a table, so a file of
/// 200,000 dots would overflow it. An empty `what`: nothing is.
[[nodiscard]] SessionProblem toml_bound(std::string_view text);

}  // namespace crowdjack
