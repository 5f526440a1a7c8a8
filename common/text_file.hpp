// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace crowdjack {

/// All of a file that the suite itself wrote; nothing when it can't be read, is no regular file (a FIFO is not waited
/// for) or has more than 64 MB.
[[nodiscard]] std::optional<std::string> read_text_file(const std::filesystem::path& path);

/// The bytes of a regular file of at most `limit` bytes.
/// @throws Failure naming the file when it is larger, not regular or unreadable; a larger one is not read at all
[[nodiscard]] std::string read_bounded(const std::filesystem::path& file, std::uintmax_t limit);

/// A list of tracks or sections, which people name by hand: at most 64 MB of text (some hundred thousand lines).
/// @param expected  what belongs there, for the user: `give a CSV of …`
/// @throws Failure as read_bounded(), and when the file's first 4 KB hold a NUL: it is a sound file, or UTF-16
[[nodiscard]] std::string read_list(const std::filesystem::path& file, std::string_view expected);

}  // namespace crowdjack
