// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace crowdjack {

/// What plays.
struct Title {
    std::string artist, title;

    /// "artist - title", or the one there is.
    [[nodiscard]] std::string shown() const;
    [[nodiscard]] bool empty() const noexcept { return artist.empty() && title.empty(); }
    friend bool operator==(const Title&, const Title&) = default;
};

/// One track of a cue sheet.
struct CueTrack {
    std::int64_t frame{};  ///< of the recording, where it begins
    Title title;
};

/// The text of the cue sheet of `recording`: a TRACK per title with its INDEX 01 in minutes, seconds and 75ths.
/// @param rate  frames per second
[[nodiscard]] std::string cue_sheet(const std::filesystem::path& recording, const std::vector<CueTrack>& tracks,
                                    double rate);

/// Where a recording's cue sheet goes: NAME.cue; where that is taken by something else, NAME.wav.cue.
[[nodiscard]] std::filesystem::path cue_path(const std::filesystem::path& recording);

/// Removes the sheet that cue_path() gave a recording, if its text names that recording.
void remove_cue_sheet_of(const std::filesystem::path& recording);

}  // namespace crowdjack
