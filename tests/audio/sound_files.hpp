// SPDX-License-Identifier: GPL-3.0-or-later
// Sound files from the encoders of this machine, what may happen to them, and how long FFmpeg thinks they are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack::test {

/// How one kind of file is made from `sound.wav` (44.1 kHz, stereo) or `small.wav` (22.05 kHz, mono).
struct FileKind {
    std::string name;     ///< file name without the extension
    std::string ending;   ///< .mp3, …
    std::string command;  ///< for a shell; OUT stands for the file
    std::int64_t block;   ///< frames that one packet of it becomes: that much a length may be in dispute
};
[[nodiscard]] const std::vector<FileKind>& file_kinds();

/// What may happen to a file on its way. Nothing: it can't happen to this one.
struct Damage {
    std::string name;
    std::function<std::optional<std::string>(const std::string& bytes, const std::string& ending)> apply;
    int blocks;  ///< packets around the damage that one decoder may still take and another not
};
[[nodiscard]] const std::vector<Damage>& damages();

inline constexpr std::int64_t sound_frames = 6 * 44100;

/// Makes `sound.wav` and `small.wav` in `folder`: 6 s, or as long as said, in which nothing is silent.
void make_sounds(const std::filesystem::path& folder, std::int64_t frames = sound_frames);
/// @returns the file made, nothing when its encoder is not installed
[[nodiscard]] std::optional<std::filesystem::path> make_file(const FileKind& kind, const std::filesystem::path& folder);

/// An ID3v2.4 tag with `size` bytes of anything in it.
[[nodiscard]] std::string id3_tag(std::size_t size, bool footer = false);

/// Each file's sound as ffmpeg decodes it: interleaved, all channels; empty where it does not.
[[nodiscard]] std::vector<std::vector<float>> ffmpeg_decode(const std::vector<std::filesystem::path>& files);

void write_bytes(const std::filesystem::path& file, const std::string& bytes);

}  // namespace crowdjack::test
