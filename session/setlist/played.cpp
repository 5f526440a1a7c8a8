// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/played.hpp"

#include "common/error.hpp"
#include "common/log.hpp"

#include <array>
#include <cmath>
#include <iomanip>
#include <sstream>

namespace crowdjack {

namespace {

/// What logs of earlier versions begin with; they go on as they began.
constexpr const char* older_header =
    "deck,path,part_file,start_frame,end_frame,start_beat,tempo_bpm,late_frames,lufs,trim_db,trend,movement,end";

/// When a track began by the clock on the wall, to the second: 2026-11-28T23:04:09+0100.
std::string clock_text(std::time_t when) {
    std::tm local{};
    std::array<char, 32> text{};
    if (::localtime_r(&when, &local) == nullptr || std::strftime(text.data(), text.size(), "%FT%T%z", &local) == 0) {
        return {};
    }
    return text.data();
}

}  // namespace

PlayedLog::PlayedLog(const std::filesystem::path& file) : path_{file} {
    std::string first;
    if (std::ifstream present{path_};
        present && std::getline(present, first) && first != header() && first != older_header) {
        throw Failure{"--played-out " + path_.string() + " exists and is no log of played tracks: choose another name"};
    }
    file_.open(path_, std::ios::app);
    if (!file_) {
        throw Failure{"cannot write " + path_.string() +
                      " (--played-out): does its folder exist, may you write there?"};
    }
    older_ = first == older_header;
    if (first.empty()) {
        file_ << header() << std::endl;
    }
}

std::string PlayedLog::header() { return std::string{older_header} + ",clock,artist,title,key,way"; }

std::string PlayedLog::line(const PlayedTrack& track, const Section& section, std::time_t began) {
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
    line << ',' << track.end << ',' << clock_text(began) << ',' << csv_field(section.artist) << ','
         << csv_field(section.title) << ',' << csv_field(section.key) << ','
         << (section.by_time ? "by time" : "in time");
    return line.str();
}

void PlayedLog::add(const PlayedTrack& track, const Section& section, std::time_t began) {
    file_.clear();
    std::string whole = line(track, section, began);
    if (older_) {
        const std::string without = line(track, section, 0);
        whole = without.substr(0, without.rfind(',' + clock_text(0)));
    }
    file_ << whole << std::endl;
    if (!file_ && !complained_) {
        complained_ = true;
        log_event(LogLevel::error, "played-log-failed", {{"file", path_.string()}, {"hint", "is the disk full?"}});
    }
}

}  // namespace crowdjack
