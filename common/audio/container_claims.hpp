// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace crowdjack {

/// The beginning of a file whose header does not say how much sound there is (a WAV whose recorder ended before it
/// wrote it, a CAF from a pipe) or says more than there is (a CAF that was cut off), with "all that follows" in its
/// place. Empty for any other file.
[[nodiscard]] std::vector<std::byte> mended_head(std::span<const std::byte> bytes);

/// The MPEG audio in a WAV; empty when it holds none.
[[nodiscard]] std::span<const std::byte> mpeg_in_wav(std::span<const std::byte> bytes);

/// How many frames the header of a WAV, RF64, AIFF, AU or CAF file promises, whether they are there or not. 0 when it
/// promises nothing: another file, or one that was written to a pipe.
[[nodiscard]] std::int64_t claimed_frames(std::span<const std::byte> bytes);

}  // namespace crowdjack
