// SPDX-License-Identifier: GPL-3.0-or-later
// The live view as text: what stands where, without a terminal.
#pragma once

#include "session/status/snapshot.hpp"

#include <string>
#include <vector>

namespace crowdjack {

enum class Tone { plain, title, good, warning, alarm, dim, chosen };

/// A run of characters in one tone. UTF-8, each character one column wide.
struct Piece {
    std::string text;
    Tone tone{Tone::plain};
};
using Row = std::vector<Piece>;

/// What the keyboard did.
struct WatchState {
    std::size_t chosen_deck{0};  ///< among the decks shown
    std::string message;         ///< the last act's answer
    bool help{false};
};

/// The whole screen: exactly `height` rows of at most `width` columns. Below 80×24 what is least needed is left out,
/// from the bottom.
[[nodiscard]] std::vector<Row> watch_rows(const SuiteSnapshot& snapshot, const WatchState& state, int width,
                                          int height);

/// A bar of `width` columns with eighths: "███▌····".
[[nodiscard]] std::string bar_text(double share, int width);

/// Columns that a row takes.
[[nodiscard]] int row_width(const Row& row);

}  // namespace crowdjack
