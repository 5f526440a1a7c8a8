// SPDX-License-Identifier: GPL-3.0-or-later
// What a block of samples measures, written so that the compiler can do many samples at once.
#pragma once

#include "common/realtime.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace crowdjack {

/// Samples beyond this (+24 dBFS: a full-scale file at the deck's highest gain, four times over) or not finite are no
/// music: they are replaced by silence.
inline constexpr float absurd_level = 16.0F;

/// The largest |sample|; 0 for an empty block. Precondition: all finite.
[[nodiscard]] CROWDJACK_REALTIME float peak_of(std::span<const float> samples) noexcept;

/// True when every sample is +0 or -0.
[[nodiscard]] CROWDJACK_REALTIME bool is_silent(std::span<const float> samples) noexcept;

/// Copies `from` to `to`, replacing NaN, infinities and what is beyond absurd_level by 0.
/// @returns how many samples were replaced
CROWDJACK_REALTIME std::size_t copy_clean(std::span<const float> from, std::span<float> to) noexcept;

/// Levels of one channel over a stretch of time.
struct Levels {
    float peak{};            ///< linear
    float sum_of_squares{};  ///< over `frames`
    std::uint32_t frames{};
    std::uint32_t clipped{};  ///< samples beyond full scale

    CROWDJACK_REALTIME void add(std::span<const float> samples) noexcept;
    /// The same as adding zeros.
    CROWDJACK_REALTIME void add_silence(std::size_t length) noexcept { frames += static_cast<std::uint32_t>(length); }
};

}  // namespace crowdjack
