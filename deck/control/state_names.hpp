// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/engine/deck_messages.hpp"

#include <string_view>

namespace crowdjack {

/// As in /deck/state.
[[nodiscard]] constexpr std::string_view state_name(DeckState state) noexcept {
    switch (state) {
    case DeckState::empty:
        return "empty";
    case DeckState::cued:
        return "cued";
    case DeckState::waiting:
        return "waiting";
    case DeckState::playing:
        return "playing";
    case DeckState::stopped:
        return "stopped";
    case DeckState::failed:
        return "failed";
    }
    return "empty";
}

}  // namespace crowdjack
