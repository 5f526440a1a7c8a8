// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/track_tags.hpp"
#include "struct-export/analysis/beats.hpp"
#include "struct-export/analysis/form.hpp"
#include "struct-export/analysis/key_finder.hpp"

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace crowdjack {

/// All that is found out about one track.
struct TrackAnalysis {
    std::filesystem::path file;  ///< absolute
    double length_s{};
    TrackTags tags;
    BeatTrack beats;
    Form form;
    FoundKey key;  ///< the tag's where there is one
    bool key_from_tag{false};
    std::optional<double> lufs, true_peak_db;
};

struct AnalysisSettings {
    double lowest_bpm{70.0}, highest_bpm{180.0};
    bool range_is_firm{false};  ///< asked for: a tag outside it says nothing

    /// Who made a JSON and how: one with another name is made anew.
    [[nodiscard]] std::string analyser() const;
};

/// Reads the file once from begin to end, in blocks. The same file gives the same result every time.
/// @param advanced  called with the seconds of audio just read
/// @throws Failure when it can't be read; Interrupted when `stop` became true
[[nodiscard]] TrackAnalysis analyse_track(const std::filesystem::path& file, const AnalysisSettings& settings,
                                          const std::atomic<bool>& stop, const std::function<void(double)>& advanced);

/// As all-in-one writes it (path bpm beats downbeats beat_positions segments), with key, title, artist, loudness_lufs,
/// true_peak_db, confidences and analyser beside.
[[nodiscard]] std::string analysis_json(const TrackAnalysis& analysis, const AnalysisSettings& settings);

}  // namespace crowdjack
