// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace crowdjack {

/// A part of a track's form; may have no length.
struct Segment {
    Seconds start, end;  ///< 0 ≤ start ≤ end
    std::string label;   ///< intro verse chorus bridge inst solo break outro start end, as the analysis wrote it
};

/// What a structure analysis (all-in-one and its relatives) says of one track.
struct TrackStruct {
    std::filesystem::path file;     ///< the JSON itself
    std::string name;               ///< the JSON's name without extension
    std::string audio;              ///< path of the audio as the analysis knew it
    double bpm{};                   ///< 0: it doesn't say
    std::string key;                ///< may be empty
    std::vector<double> beats;      ///< seconds, in the file's order
    std::vector<double> downbeats;  ///< seconds, in the file's order
    std::vector<Segment> segments;  ///< by start, stable
    /// What was wrong with fields that need not be there, one line each; such a field counts as missing.
    std::vector<std::string> warnings;

    /// Where the last segment or beat ends: about the length of the audio. 0: unknown.
    [[nodiscard]] Seconds length() const noexcept;
};

/// @param name  what to call it in errors
/// @throws Failure naming the field: `path` (or `file_path`) must be a text, `segments` a list of {start, end, label};
///         `bpm`, `beats`, `downbeats`, `key` and labels may be missing, and when they are of another type they are
///         passed over with a warning: a bpm in a text is read, of a key given as correlations the highest counts
[[nodiscard]] TrackStruct track_struct(const nlohmann::ordered_json& document, const std::string& name);

/// The path of the audio as far as the document says it; empty when it doesn't.
[[nodiscard]] std::string audio_of(const nlohmann::ordered_json& document);

/// @throws Failure naming the file and the line or field
[[nodiscard]] TrackStruct read_track_struct(const std::filesystem::path& file);

/// The structure files of a folder (*.json, not below it), by name; a single file is itself.
/// @throws Failure when it doesn't exist or can't be listed
[[nodiscard]] std::vector<std::filesystem::path> struct_files(const std::filesystem::path& folder);

}  // namespace crowdjack
