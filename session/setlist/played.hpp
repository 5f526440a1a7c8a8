// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/setlist/orchestra.hpp"
#include "session/setlist/sections.hpp"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>

namespace crowdjack {

/// What was really played, one line a track, written when it is over:
/// `deck,path,part_file,start_frame,end_frame,start_beat,tempo_bpm,late_frames,lufs,trim_db,trend,movement,end,clock,
/// artist,title,key,way`. Frames are JACK's (the low 32 bits, unsigned); clock is the local time of the start; way is
/// `in time` or `by time`; empty fields are unknown.
class PlayedLog {
public:
    /// Begins the file, or goes on at its end when it holds such a log already.
    /// @throws Failure when it can't be written, or holds something else
    explicit PlayedLog(const std::filesystem::path& file);

    /// Says so once when the disk is full; the set goes on.
    /// @param began  when it started
    void add(const PlayedTrack& track, const Section& section, std::time_t began);

    [[nodiscard]] static std::string header();
    [[nodiscard]] static std::string line(const PlayedTrack& track, const Section& section, std::time_t began);

private:
    std::filesystem::path path_;
    std::ofstream file_;
    bool complained_{false};
    bool older_{false};  ///< the file has the columns of earlier versions
};

}  // namespace crowdjack
