// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

namespace crowdjack {

/// The name of a format that the suite knows but does not play: "AAC in MP4", "Windows Media", …
[[nodiscard]] std::optional<std::string> foreign_format(std::span<const std::byte> bytes);

/// How to make a file that it does play: "convert it, for example with: ffmpeg -i 'a.m4a' 'a.flac'".
[[nodiscard]] std::string conversion_hint(const std::filesystem::path& file);

}  // namespace crowdjack
