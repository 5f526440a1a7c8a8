// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/recording_format.hpp"

#include "common/error.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

namespace crowdjack {

std::optional<RecordingFormat> recording_format(const std::filesystem::path& path) {
    std::string extension = path.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    constexpr std::array<std::pair<std::string_view, RecordingFormat>, 6> known{{{".wav", RecordingFormat::wav},
                                                                                 {".rf64", RecordingFormat::rf64},
                                                                                 {".flac", RecordingFormat::flac},
                                                                                 {".ogg", RecordingFormat::ogg},
                                                                                 {".opus", RecordingFormat::opus},
                                                                                 {".mp3", RecordingFormat::mp3}}};
    for (const auto& [name, format] : known) {
        if (extension == name) {
            return format;
        }
    }
    return {};
}

SampleWidth parse_sample_width(std::string_view text) {
    if (text == "s16") {
        return SampleWidth::s16;
    }
    if (text == "s24") {
        return SampleWidth::s24;
    }
    if (text == "f32") {
        return SampleWidth::f32;
    }
    throw UsageError{"--record-format " + std::string{text} + ": use s16, s24 or f32"};
}

SampleWidth sample_width(RecordingFormat format, std::optional<SampleWidth> asked) noexcept {
    const SampleWidth width = asked.value_or(SampleWidth::f32);
    return format == RecordingFormat::flac && width == SampleWidth::f32 ? SampleWidth::s24 : width;
}

std::size_t frame_bytes(RecordingFormat format, SampleWidth width) noexcept {
    if (format != RecordingFormat::wav && format != RecordingFormat::rf64) {
        return 1;
    }
    return width == SampleWidth::f32 ? 8 : width == SampleWidth::s24 ? 6 : 4;
}

}  // namespace crowdjack
