// SPDX-License-Identifier: GPL-3.0-or-later
// Lists and recordings that other programs write: sections as CSV, playlists, traces of movement, structures,
// Rekordbox.
#include "bpm-follower/trace.hpp"
#include "common/error.hpp"
#include "common/track_grid.hpp"
#include "session/setlist/sections.hpp"
#include "session/setlist/track_list.hpp"
#include "struct-export/cues.hpp"
#include "struct-export/json_file.hpp"
#include "struct-export/rekordbox.hpp"
#include "struct-export/rekordbox_location.hpp"
#include "struct-export/tempo_truth.hpp"
#include "struct-export/text.hpp"
#include "struct-export/track_struct.hpp"
#include "tests/fuzz/fuzzing.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <sstream>
#include <stdexcept>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

void read_sections_text(const std::string& text) {
    for (const bool patient : {false, true}) {
        try {
            std::vector<std::string> passed_over;
            for (const auto& section : parse_sections(text, "fuzz.csv", patient ? &passed_over : nullptr)) {
                if (!(section.bpm > 0.0 && section.target_bpm > 0.0 && section.begin_s >= 0.0 &&
                      section.end_s > section.begin_s && std::isfinite(section.end_beats()))) {
                    throw std::logic_error{"a section that can't be played"};
                }
                (void)section.name();
            }
        } catch (const Failure&) {
        }
    }
    (void)csv_field(text);
}

void read_playlist(const std::string& text) {
    (void)parse_m3u(text);
    try {
        (void)parse_xspf(text, "fuzz.xspf");
    } catch (const Failure&) {
    }
}

void read_movement(const std::string& text) {
    try {
        std::istringstream in{text};
        const Trace trace = read_trace(in, std::nullopt, "fuzz.csv");
        double last = 0.0;
        for (const auto& event : trace.events) {
            if (!(event.time_s >= last && std::isfinite(event.time_s) && std::isfinite(event.value))) {
                throw std::logic_error{"time runs backward, or a value is none"};
            }
            last = event.time_s;
            using Kind = TraceEvent::Kind;
            const bool movement = event.kind == Kind::total || event.kind == Kind::arms || event.kind == Kind::legs ||
                                  event.kind == Kind::head;
            if (movement && !(event.value >= 0.0 && event.value <= 1.0)) {
                throw std::logic_error{"a movement of " + std::to_string(event.value)};
            }
        }
    } catch (const Failure&) {
    }
}

/// What the program does with a structure once it is read must hold for any content.
void read_structure(const std::string& text) {
    try {
        const TrackStruct track = track_struct(parse_python_json(text, "fuzz.json", nan_as_text), "fuzz.json");
        (void)tidy_json(parse_python_json(text, "fuzz.json", nan_as_null));
        if (const auto fitted = fit_tempo(track.beats); fitted && !(fitted->bpm > 0.0 && std::isfinite(fitted->bpm))) {
            throw std::logic_error{"a fit that is no tempo"};
        }
        for (const int n : {1, 6}) {
            const Cues cues = find_cues(track, n, IntroFallback::downbeat);
            if (!(cues.ini <= cues.begin && cues.begin < cues.end)) {
                throw std::logic_error{"cues out of order"};
            }
        }
    } catch (const Failure&) {
    } catch (const NotExported&) {
    }
}

void read_collection(const std::string& text) {
    try {
        const auto collection = RekordboxCollection::parse(text, "fuzz.xml", [](const std::string&) {});
        for (const RekordboxTrack& track : collection.tracks()) {
            if (!(track.bpm() >= 0.0) || collection.match(track.path).track == nullptr) {
                throw std::logic_error{"a track that is not found again"};
            }
        }
    } catch (const Failure&) {
    }
    (void)match_key(location_path(text.substr(0, 200)));
}

}  // namespace

int main(int count, char** arguments) {
    return fuzz(count, arguments,
                {{"sections",
                  {"part_file", "begin_cue_adj", "end_cue_adj", "path", "key", "bpm", "target_bpm", ",", ";", "\t",
                   "\"", "\"\"", "\r\n", "\n", "\xEF\xBB\xBF", "1,5"},
                  read_sections_text},
                 {"playlist",
                  {"#EXTM3U\n", "#EXTINF:1,a\n", "\xEF\xBB\xBF", "\r\n", "file:///a%20b", "<location>", "</location>",
                   "<track>", "&amp;", "%00", "<![CDATA[", "<!DOCTYPE a [<!ENTITY b 'c'>]>"},
                  read_playlist},
                 {"trace",
                  {"time",
                   "value",
                   "arms",
                   "people",
                   ",",
                   ";",
                   "\t",
                   "---\n",
                   "#",
                   "\"",
                   "%",
                   "LeftWrist_x",
                   "\xFF\xFE",
                   "{\"timestamp\":",
                   "\"total_movement\":",
                   "2024-02-30T25:00:00",
                   "12:00:00",
                   "frame",
                   "x,y,z",
                   "\n"},
                  read_movement},
                 {"structure",
                  {"null", "\"\"", "[", "]", "{", "}", ",", ":", "\\u0000", "\\ud800", "\xFF", "\"segments\"",
                   "\"beats\"", "\"start\":", "\"label\":\"intro\"", "NaN", "Infinity", std::string(300, '[')},
                  read_structure},
                 {"collection",
                  {"<", ">", "/>", "<!--", "<![CDATA[", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "&b;", "&#0;", "%00", "%",
                   "file://", "file://localhost", "<TRACK Location='%FF'/>", "AverageBpm=\"x\"", "TotalTime=\"1e300\"",
                   "\xC3\xA9", "e\xCC\x81", std::string(40, '<')},
                  read_collection}});
}
