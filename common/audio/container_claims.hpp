// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace crowdjack {

/// The beginning of a WAV whose recorder ended before it wrote how much sound there is, with "all that follows" in
/// place of the 0. Empty for any other file.
[[nodiscard]] std::vector<std::byte> closed_wav_head(std::span<const std::byte> bytes);

/// How many frames the header of a WAV, RF64, AIFF, AU or CAF file promises, whether they are there or not. 0 when it
/// promises nothing: another file, or one that was written to a pipe.
[[nodiscard]] std::int64_t claimed_frames(std::span<const std::byte> bytes);

}  // namespace crowdjack
