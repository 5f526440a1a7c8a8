// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string_view>

namespace crowdjack {

/// What kind of file a recording is.
enum class RecordingFormat {
    wav,   ///< turns into RF64 by itself past 4 GB
    rf64,  ///< RF64 from the start
    flac,
    ogg,   ///< Vorbis, about 256 kbit/s
    opus,  ///< about 256 kbit/s; only at 8, 12, 16, 24 or 48 kHz
    mp3,   ///< 256 kbit/s
};
inline constexpr std::string_view recording_formats = ".wav, .rf64, .flac, .ogg, .opus or .mp3";

/// How wide a sample of a plain file is (wav, rf64, flac).
enum class SampleWidth { s16, s24, f32 };

/// The format an extension (in any case) means; nothing for others.
[[nodiscard]] std::optional<RecordingFormat> recording_format(const std::filesystem::path& path);

/// @throws UsageError naming the widths there are
[[nodiscard]] SampleWidth parse_sample_width(std::string_view text);

/// The width really used: 32-bit floats unless asked otherwise; FLAC holds 24 bits at most. Encoded formats ignore it.
[[nodiscard]] SampleWidth sample_width(RecordingFormat format, std::optional<SampleWidth> asked) noexcept;

/// Bytes of a stereo frame in the file, 1 where frames have no fixed size.
[[nodiscard]] std::size_t frame_bytes(RecordingFormat format, SampleWidth width) noexcept;

}  // namespace crowdjack
