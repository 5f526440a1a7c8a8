// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/common_options.hpp"
#include "deck/stretch/stretch_method.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// The command line of crowdjack-deck.
struct DeckOptions {
    CommonOptions common;
    std::vector<std::string> names;  ///< plain names to try: deck-A …
    std::string file;                ///< cued at the start; empty: none
    bool play{false};
    bool autoplay{false};  ///< what plays when it is saved plays on by itself when it is opened
    StretchMethod stretch{StretchMethod::rate};
    double track_bpm{120.0};
    std::vector<std::filesystem::path> music_folders;
    bool list_stretch{false};
    std::size_t decoded_memory{};  ///< bytes that decoded tracks may take
};

/// @returns nothing when --help or --version was answered. @throws UsageError
[[nodiscard]] std::optional<DeckOptions> read_deck_options(int argc, const char* const* argv);

}  // namespace crowdjack
