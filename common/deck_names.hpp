// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace crowdjack {

inline constexpr std::string_view deck_prefix{"deck-"};

/// The client of the deck that was started with this --name: deck-A for A.
/// @{
[[nodiscard]] inline std::string deck_client(std::string_view name) { return std::string{deck_prefix}.append(name); }
[[nodiscard]] inline std::string deck_client(char letter) { return std::string{deck_prefix} + letter; }
/// @}

/// What a deck is called by people, and its strip: A for deck-A; another client's name as it is.
[[nodiscard]] inline std::string deck_short_name(std::string_view client) {
    return std::string{client.starts_with(deck_prefix) ? client.substr(deck_prefix.size()) : client};
}

/// How a deck stands in an address: its letter, or its client's whole name where it has more than a letter.
[[nodiscard]] inline std::string deck_selector(std::string_view client) {
    const std::string name = deck_short_name(client);
    return name.size() == 1 ? name : std::string{client};
}

}  // namespace crowdjack
