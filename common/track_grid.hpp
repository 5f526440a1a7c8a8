// SPDX-License-Identifier: GPL-3.0-or-later
// Where a track's beats lie, as far as it is known without listening to it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace crowdjack {

/// Who said so, the more trusted first.
enum class GridSource {
    argument,   ///< the command that cued the track
    structure,  ///< a structure JSON beside the track, in a `struct` folder above it or in the working folder
    tag,        ///< the file's BPM tag
    analysis,   ///< what the suite's own analysis keeps in its cache
    none        ///< nobody: 120
};
/// argument, structure, tag, analysis, default
[[nodiscard]] const char* to_text(GridSource source) noexcept;

/// A constant beat grid.
struct TrackGrid {
    double bpm{120.0};
    double first_beat_s{};   ///< the first beat of a bar where bars are known, else the first beat; ≥ 0
    bool beat_known{false};  ///< false: only the tempo is known, first_beat_s is 0
    bool steady{false};      ///< the track keeps to this grid all through
    int beats_per_bar{4};
    GridSource source{GridSource::none};
    std::filesystem::path file;  ///< the JSON, if one said so
};

/// Looks in this order: structure JSON, tag, analysis cache; 120 where none of them knows the track. A tag says only
/// how fast: where the cache's tempo is the same to half a BPM (tags are rounded), the cache's exact grid is taken.
/// Reads at most a few small files and listens to nothing: milliseconds. Never throws; what can't be read is passed
/// over. Any thread but audio.
[[nodiscard]] TrackGrid find_track_grid(const std::filesystem::path& track);

/// The grid a structure JSON (all-in-one's or ours) holds for `track`.
/// @returns nothing when the JSON can't be read, speaks of a file of another name, or knows no tempo
[[nodiscard]] std::optional<TrackGrid> grid_of_structure(const std::filesystem::path& json,
                                                         const std::filesystem::path& track);

/// The structure JSON of a track that lies near it: NAME.json (or NAME-HASH.json, as the suite's analysis calls the
/// second track of a name) beside it, else in a folder `struct` of its folder, of the two above that, or of the working
/// folder. It speaks of a file of that name and knows a tempo.
[[nodiscard]] std::optional<std::filesystem::path> structure_near(const std::filesystem::path& track);

/// Where the suite keeps the analyses it makes by itself: $XDG_CACHE_HOME/crowdjack/analysis, else in ~/.cache.
[[nodiscard]] std::filesystem::path analysis_cache_folder();
/// The file for `track` in there; the name holds its name and its place, so that equal names don't meet.
[[nodiscard]] std::filesystem::path analysis_cache_file(const std::filesystem::path& track);

}  // namespace crowdjack
