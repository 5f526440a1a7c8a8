// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>

namespace crowdjack {

/// How often the set of that session file has begun, counted from 0 and one more with each call: kept in
/// $XDG_STATE_HOME/crowdjack, else ~/.local/state/crowdjack, so that a set does not begin alike after each boot. Where
/// that can't be written, the seconds since 1970 stand in.
[[nodiscard]] std::uint64_t next_beginning(const std::filesystem::path& session_file);

}  // namespace crowdjack
