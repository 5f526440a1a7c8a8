// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace crowdjack {

/// What is known of a track's beats without listening to it.
struct FoundGrid {
    double bpm{120.0};
    std::optional<double> first_beat_s;  ///< none: only the tempo is known
    std::string source;                  ///< who said so: structure, tag, analysis …
};

/// Looks for it when a track is cued without a tempo. Called on a worker, where it may read small files; must not
/// throw. Nothing: nobody knows.
using GridLookup = std::function<std::optional<FoundGrid>(const std::filesystem::path& track)>;

}  // namespace crowdjack
