// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace crowdjack {

[[nodiscard]] bool begins_with(std::span<const std::byte> bytes, std::size_t at, std::string_view text);

/// Length of the ID3v2 tag (its footer included) or the APE tag that begins at `at`; 0 when there is none. At most what
/// is left of the file.
[[nodiscard]] std::size_t tag_length(std::span<const std::byte> bytes, std::size_t at);

/// Where the ID3v2 tags at the beginning end.
[[nodiscard]] std::size_t end_of_id3_tags(std::span<const std::byte> bytes);

/// Where the sound may begin: after all tags and zeros at the beginning.
[[nodiscard]] std::size_t end_of_leading_tags(std::span<const std::byte> bytes);

/// Where the sound ends: before ID3v1 and APE tags at the end.
[[nodiscard]] std::size_t begin_of_trailing_tags(std::span<const std::byte> bytes);

}  // namespace crowdjack
