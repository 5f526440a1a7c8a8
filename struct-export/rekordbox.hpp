// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

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
        const RekordboxTrack* track{};  ///< null: not in the collection
        bool ambiguous{};               ///< several tracks of that file name say different things: none was taken
    };

    /// The track of any of these paths: the same path in any spelling (NFC/NFD, case, slashes); else the one with the
    /// same file name that shares most of the folders at the end.
    [[nodiscard]] Match match(const std::vector<std::string>& paths) const;

    [[nodiscard]] const std::vector<RekordboxTrack>& tracks() const noexcept { return tracks_; }

private:
    [[nodiscard]] Match match_name(std::string_view path_key) const;
    void index();

    std::vector<RekordboxTrack> tracks_;
    std::vector<std::string> path_keys_;  ///< match_key of each track's path
    std::unordered_map<std::string_view, std::size_t> by_path_;
    std::unordered_multimap<std::string_view, std::size_t> by_name_;
};

}  // namespace crowdjack
