// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/audio_lookup.hpp"
#include "struct-export/export_options.hpp"
#include "struct-export/rekordbox.hpp"
#include "struct-export/section_cut.hpp"
#include "struct-export/track_struct.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace crowdjack {

/// A track that will be exported, and how.
struct ExportPlan {
    TrackStruct track;
    TempoTruth tempo;
    TempoClaims claims;
    std::string key;  ///< Rekordbox's tonality, else the JSON's; may be empty
    double target_bpm{};
    CutOrder order;
    /// Where the hand-over begins and ends in the fitted part.
    Seconds begin_fitted, end_fitted;
    std::vector<std::string> warnings;  ///< about this track
};

/// A track that is not, and why.
struct SkippedTrack {
    std::filesystem::path structure;
    std::string audio;           ///< as far as it is known
    std::string reason, detail;  ///< a few fixed words; which path, which number
};

struct Selection {
    std::vector<ExportPlan> plans;      ///< by audio path, then structure; part names are all different
    std::vector<SkippedTrack> skipped;  ///< by structure
};

/// What is told while selecting: one event with the file and the text.
using Tell = std::function<void(const std::filesystem::path& file, const std::string& text)>;

/// Reads every structure and decides. A track that can't be read or found is skipped, never an error of the whole.
/// @param collection  may be null
/// @param warn  called for tempi that disagree, ambiguous names and the like, of the tracks that are taken
[[nodiscard]] Selection select_tracks(const std::vector<std::filesystem::path>& structures,
                                      const ExportOptions& options, const RekordboxCollection* collection,
                                      const Tell& warn);

}  // namespace crowdjack
