// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/track_analysis.hpp"
#include "struct-export/json_file.hpp"

#include <nlohmann/json.hpp>

#include <cmath>

namespace crowdjack {

namespace {

using Json = nlohmann::ordered_json;

/// To so many digits after the point, written as short as that allows.
double rounded(double value, double digits) {
    const double scale = std::pow(10.0, digits);
    return std::round(value * scale) / scale;
}

Json optional_number(const std::optional<double>& value) { return value ? Json(rounded(*value, 2)) : Json(nullptr); }

constexpr double time_digits = 5;  ///< 10 µs: half a frame

void put_beats(Json& document, const BeatTrack& track) {
    Json beats = Json::array();
    Json downbeats = Json::array();
    Json positions = Json::array();
    const int per_bar = track.beats_per_bar;
    const auto first = track.downbeats.empty() ? 0 : static_cast<int>(track.downbeats.front());
    for (std::size_t i = 0; i < track.beats.size(); ++i) {
        beats.push_back(rounded(track.beats[i], time_digits));
        positions.push_back((static_cast<int>(i) - first + per_bar * 16) % per_bar + 1);
    }
    for (const std::size_t downbeat : track.downbeats) {
        downbeats.push_back(rounded(track.beats[downbeat], time_digits));
    }
    document["bpm"] = track.bpm > 0.0 ? Json(rounded(track.bpm, 3)) : Json(nullptr);
    document["beats"] = std::move(beats);
    document["downbeats"] = std::move(downbeats);
    document["beat_positions"] = std::move(positions);
}

}  // namespace

std::string analysis_json(const TrackAnalysis& analysis, const AnalysisSettings& settings) {
    Json document;
    document["path"] = analysis.file.string();
    put_beats(document, analysis.beats);
    Json segments = Json::array();
    for (const Segment& segment : analysis.form.segments) {
        segments.push_back({{"start", rounded(segment.start.value, time_digits)},
                            {"end", rounded(segment.end.value, time_digits)},
                            {"label", segment.label}});
    }
    document["segments"] = std::move(segments);
    document["key"] = analysis.key.name;
    document["title"] = analysis.tags.title;
    document["artist"] = analysis.tags.artist;
    document["duration_s"] = rounded(analysis.length_s, time_digits);
    document["loudness_lufs"] = optional_number(analysis.lufs);
    document["true_peak_db"] = optional_number(analysis.true_peak_db);
    document["bpm_confidence"] = rounded(analysis.beats.confidence, 3);
    document["downbeat_confidence"] = rounded(analysis.beats.bar_confidence, 3);
    document["key_confidence"] = rounded(analysis.key.confidence, 3);
    document["segment_confidence"] = rounded(analysis.form.confidence, 3);
    document["constant_tempo"] = analysis.beats.constant;
    document["note"] = analysis.beats.why;
    document["analyser"] = settings.analyser();
    return tidy_json(document);
}

}  // namespace crowdjack
