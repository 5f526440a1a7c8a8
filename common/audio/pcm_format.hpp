// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace crowdjack {

enum class SampleCode { unsigned8, signed8, signed16, signed24, signed32, float32, float64 };

/// How uncompressed frames lie in a file: interleaved, packed, from byte `offset` on.
struct PcmLayout {
    SampleCode code{SampleCode::signed16};
    bool big_endian{false};
    std::uint32_t channels{2};
    std::size_t offset{};  ///< bytes before the first frame; any alignment
    std::int64_t frames{};

    [[nodiscard]] std::size_t sample_bytes() const noexcept;
    [[nodiscard]] std::size_t frame_bytes() const noexcept { return sample_bytes() * channels; }
    /// Its samples may be anything, NaN included.
    [[nodiscard]] bool is_float() const noexcept { return code == SampleCode::float32 || code == SampleCode::float64; }
};

/// Converts `left.size()` frames from `first` on to floats of ±1 full scale, scaled as libsndfile scales them: mono to
/// both sides, of more than two channels the first two.
/// @param bytes  the whole file; frames outside it are zeros (never read)
/// @returns how many of them were there
std::size_t convert_frames(const PcmLayout& layout, std::span<const std::byte> bytes, std::int64_t first,
                           std::span<float> left, std::span<float> right) noexcept;

/// Replaces NaN, infinities and anything beyond ±64 (36 dB above full scale, which no recording means) by silence.
/// @returns how many samples it replaced
std::size_t clean(std::span<float> samples) noexcept;

}  // namespace crowdjack
