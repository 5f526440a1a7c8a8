// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace crowdjack {

/// What `play` sets up: three decks, a mixer, the crowd's tempo, the front door.
struct PlaySession {
    std::string driver, device, rate, period;
    std::string stretch;  ///< empty: the deck's default
    std::string record;   ///< a file; empty: none
    std::string replay;   ///< a recorded dance instead of the crowd; empty: none
    std::vector<std::filesystem::path> music;
};

/// It as a session file, to be run, looked at and copied.
[[nodiscard]] std::string play_session_text(const PlaySession& session);

/// A TOML text in quotes.
[[nodiscard]] std::string toml_quoted(const std::string& text);

}  // namespace crowdjack
