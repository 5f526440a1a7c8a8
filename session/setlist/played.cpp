// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/played.hpp"

#include "common/error.hpp"
#include "common/log.hpp"

#include <cmath>
#include <iomanip>
#include <sstream>

namespace crowdjack {

PlayedLog::PlayedLog(const std::filesystem::path& file) : path_{file} {
    std::string first;
    if (std::ifstream present{path_}; present && std::getline(present, first) && first != header()) {
        throw Failure{"--played-out " + path_.string() + " exists and is no log of played tracks: choose another name"};
    }
    file_.open(path_, std::ios::app);
    if (!file_) {
        throw Failure{"cannot write " + path_.string() +
                      " (--played-out): does its folder exist, may you write there?"};
    }
    if (first.empty()) {
        file_ << header() << std::endl;
    }
}

std::string PlayedLog::header() {
    return "deck,path,part_file,start_frame,end_frame,start_beat,tempo_bpm,late_frames,lufs,trim_db,trend,movement,end";
}

std::string PlayedLog::line(const PlayedTrack& track, const Section& section) {
    std::ostringstream line;
    line << track.deck << ',' << csv_field(section.path) << ',' << csv_field(section.part_file) << ','
         << wire_frame(track.start_frame) << ',' << wire_frame(track.end_frame) << ',' << std::fixed
         << std::setprecision(6) << track.start_beat << ',' << std::setprecision(3) << track.bpm << ','
         << track.late.value << ',' << std::setprecision(2);
    if (track.lufs) {
        line << *track.lufs;
    }
    line << ',' << to_decibels(static_cast<double>(track.trim)).value << ',' << trend_name(track.trend) << ','
         << std::setprecision(4);
    if (track.movement) {
        line << *track.movement;
    }
    line << ',' << track.end;
    return line.str();
}

void PlayedLog::add(const PlayedTrack& track, const Section& section) {
    file_.clear();
    file_ << line(track, section) << std::endl;
    if (!file_ && !complained_) {
        complained_ = true;
        log_event(LogLevel::error, "played-log-failed", {{"file", path_.string()}, {"hint", "is the disk full?"}});
    }
}

}  // namespace crowdjack
