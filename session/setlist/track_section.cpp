// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/track_section.hpp"

#include "common/error.hpp"
#include "common/track_grid.hpp"
#include "common/track_tags.hpp"
#include "struct-export/json_file.hpp"
#include "struct-export/track_struct.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

using Json = nlohmann::ordered_json;

constexpr int bar_beats = 4;
constexpr double most_beats = 64.0, usual_beats = 32.0;  ///< of a hand-over
constexpr double fewest_beats = 64.0;                    ///< of a track that hands over in time
constexpr double least_confidence = 0.5;
constexpr double longest_fade_s = 8.0, fade_part = 0.25;

std::string text_of(const Json& document, const char* name) {
    const auto found = document.find(name);
    return found != document.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::optional<double> number_of(const Json& document, const char* name) {
    const auto found = document.find(name);
    return found != document.end() && found->is_number() ? std::optional{found->get<double>()} : std::nullopt;
}

/// Where the next track comes in, in beats after the first downbeat: with the outro, at a bar.
double begin_of_outro(const TrackStruct& track, const TrackGrid& grid, double beats) {
    const auto beats_at = [&](double seconds) { return (seconds - grid.first_beat_s) * grid.bpm / 60.0; };
    double begin = beats - std::min(usual_beats, beats / 4.0);
    for (const Segment& segment : track.segments) {
        if (segment.label == "outro" && beats_at(segment.start.value) > beats / 2.0) {
            begin = beats_at(segment.start.value);
            break;
        }
    }
    return std::floor(std::max(begin, beats - most_beats) / bar_beats + 0.25) * bar_beats;
}

void set_cues(Section& section, const TrackStruct& track, const TrackGrid& grid, double length_s) {
    section.bpm = section.target_bpm = grid.bpm;
    section.start_s = grid.first_beat_s;
    // Whole bars, so that it ends on the grid; what is left after them is reverb.
    const double beats = std::floor((length_s - grid.first_beat_s) * grid.bpm / 60.0 / bar_beats + 0.05) * bar_beats;
    section.begin_s = begin_of_outro(track, grid, beats) * 60.0 / grid.bpm;
    section.end_s = std::min(beats * 60.0 / grid.bpm, length_s - grid.first_beat_s);
}

void set_times(Section& section, double bpm, double length_s) {
    section.by_time = true;
    section.bpm = section.target_bpm = bpm > 0.0 ? bpm : 120.0;
    section.end_s = length_s;
    section.begin_s = length_s - std::min(longest_fade_s, fade_part * length_s);
}

}  // namespace

Section section_by_time(const std::filesystem::path& track, double length_s) {
    Section section;
    section.path = section.part_file = track.string();
    const TrackTags tags = read_track_tags(track);
    section.title = tags.title;
    section.artist = tags.artist;
    section.key = tags.key;
    set_times(section, tags.bpm, length_s);
    return section;
}

std::optional<Section> section_of_track(const std::filesystem::path& json, const std::filesystem::path& track,
                                        double length_s) {
    Json document;
    TrackStruct structure;
    try {
        document = read_json(json);
        structure = track_struct(document, json.string());
    } catch (const Failure&) {
        return std::nullopt;
    }
    if (std::filesystem::path{structure.audio}.filename() != track.filename()) {
        return std::nullopt;
    }
    Section section;
    section.path = section.part_file = track.string();
    section.key = structure.key;
    section.title = text_of(document, "title");
    section.artist = text_of(document, "artist");
    if (section.title.empty()) {
        const TrackTags tags = read_track_tags(track);
        section.title = tags.title;
        section.artist = tags.artist;
    }
    section.lufs = number_of(document, "loudness_lufs");
    length_s = number_of(document, "duration_s").value_or(length_s);
    if (!(length_s > 0.0)) {
        return std::nullopt;
    }
    const auto grid = grid_of_structure(json, track);
    const bool sure = number_of(document, "bpm_confidence").value_or(1.0) >= least_confidence &&
                      document.value("constant_tempo", true);
    if (grid && grid->steady && sure && grid->beats_per_bar == bar_beats &&
        (length_s - grid->first_beat_s) * grid->bpm / 60.0 >= fewest_beats) {
        set_cues(section, structure, *grid, length_s);
        section.grid_source = text_of(document, "analyser").empty() ? "structure" : "analysis";
    } else {
        set_times(section, structure.bpm, length_s);
    }
    return section;
}

}  // namespace crowdjack
