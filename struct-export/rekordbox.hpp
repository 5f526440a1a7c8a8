// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace crowdjack {

/// One point of Rekordbox's beat grid: from `start` seconds on, `bpm`.
struct GridTempo {
    double start{}, bpm{};
};

/// What a Rekordbox collection says of one track. Missing attributes are empty or 0.
struct RekordboxTrack {
    std::string path;  ///< decoded Location
    std::string name, artist, tonality;
    double average_bpm{};         ///< 0: not analysed
    double total_time{};          ///< seconds
    std::vector<GridTempo> grid;  ///< by start
    std::size_t line{};           ///< in the XML, from 1

    /// AverageBpm; without one the mean of the grid, weighted by time; 0 when it knows nothing.
    [[nodiscard]] double bpm() const noexcept;
};

/// A Rekordbox collection (XML as rekordbox 5 to 7 and converters write it), in memory and looked up by path.
class RekordboxCollection {
public:
    /// Called with one line naming file, line and field for everything odd that was passed over.
    using Warn = std::function<void(const std::string&)>;

    /// @throws Failure naming file and line when it is larger than 256 MB, not XML, nested deeper than 64 or no
    ///         collection
    static RekordboxCollection read(const std::filesystem::path& file, const Warn& warn);
    /// @param name  what to call it in messages
    static RekordboxCollection parse(const std::string& xml, const std::string& name, const Warn& warn);

    struct Match {
        const RekordboxTrack* track{};  ///< null: not in the collection, or ambiguous
        /// Several tracks have that file name and say different things: which, and in which lines; none was taken.
        std::string differences;
        /// Several tracks agree about the BPM but not about the key: `track` is one of them, without its key being
        /// known.
        bool key_differs{false};

        [[nodiscard]] bool ambiguous() const noexcept { return track == nullptr && !differences.empty(); }
        [[nodiscard]] std::string tonality() const {
            return track == nullptr || key_differs ? std::string{} : track->tonality;
        }
    };

    /// The track of this path in any spelling (NFC/NFD, case, slashes); else one with the same file name. Of several,
    /// the one whose TotalTime fits, then the one that shares most of the folders at the end, then any of those that
    /// agree about the BPM; entries that were never analysed say nothing.
    /// @param length  of the audio, as far as it is known; 0: unknown
    [[nodiscard]] Match match(std::string_view path, Seconds length = {}) const;

    [[nodiscard]] const std::vector<RekordboxTrack>& tracks() const noexcept { return tracks_; }

private:
    [[nodiscard]] Match match_name(std::string_view path_key, Seconds length) const;
    void index();

    std::vector<RekordboxTrack> tracks_;
    std::vector<std::string> path_keys_;  ///< match_key of each track's path
    std::unordered_map<std::string_view, std::size_t> by_path_;
    std::unordered_multimap<std::string_view, std::size_t> by_name_;
};

}  // namespace crowdjack
