// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

namespace crowdjack {

/// What an audio file's tags say; empty or 0 where they say nothing. UTF-8.
struct TrackTags {
    std::string title, artist;
    std::string key;  ///< as written: Gm, 6A, …
    double bpm{};     ///< 20…999, else 0
};

/// Reads ID3, Vorbis comments, MP4 and RIFF tags; never throws: a file without readable tags has none.
[[nodiscard]] TrackTags read_track_tags(const std::filesystem::path& file);

/// `artist - title` as far as the tags know them, else the file's name without its extension.
[[nodiscard]] std::string track_name(const TrackTags& tags, const std::filesystem::path& file);

}  // namespace crowdjack
