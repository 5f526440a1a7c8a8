// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace crowdjack {

/// The Xing frame that an MPEG Layer III stream should have begun with: it tells how many frames follow. Without one
/// libsndfile guesses a track's length from the first frame's bit rate, and plays no further than that.
/// @param stream  from its first frame header on; every header is looked at
/// @returns empty when it has such a frame already, or is no Layer III
[[nodiscard]] std::vector<std::byte> missing_xing_frame(std::span<const std::byte> stream);

}  // namespace crowdjack
