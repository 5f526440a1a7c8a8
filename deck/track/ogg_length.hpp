// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace crowdjack {

/// Frames at `rate` up to the end of the last whole page, by its granule position (RFC 3533; for Opus, RFC 7845, in
/// 48ths of a millisecond after the pre-skip). For files that were cut off, whose end libsndfile can't find. 0 when no
/// page with sound is whole.
[[nodiscard]] std::int64_t whole_ogg_frames(std::span<const std::byte> bytes, int rate);

}  // namespace crowdjack
