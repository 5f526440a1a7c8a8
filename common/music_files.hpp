// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <vector>

namespace crowdjack {

/// Does its name end like an audio file's? Case does not matter.
[[nodiscard]] bool is_music_name(const std::filesystem::path& file);

/// The audio files of a folder and all below it, by name, hidden ones left out. Links to folders are followed, each
/// folder once. What can't be listed is passed over. A file is itself, whatever its name.
/// @throws Failure when `place` is not there
[[nodiscard]] std::vector<std::filesystem::path> find_music(const std::filesystem::path& place);

}  // namespace crowdjack
