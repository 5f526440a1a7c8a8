// SPDX-License-Identifier: GPL-3.0-or-later
// The tracks a set is made of: what struct-export wrote, or a list by hand, one row each.
#pragma once

#include "session/setlist/csv_text.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

/// One exported section: a part file that begins at the track's `ini` cue, already at `target_bpm`.
struct Section {
    std::string path;        ///< the track it was cut from; of a list that doesn't say, the part file
    std::string part_file;   ///< what is played
    std::string key;         ///< may be empty
    double bpm{};            ///< the track's own, > 0
    double target_bpm{};     ///< the part file's, > 0
    bool tempo_known{true};  ///< false: the list says no tempo; both are 120 until somebody knows better
    double begin_s{};        ///< seconds into the part at which the next track starts, ≥ 0 (begin_cue_adj)
    double end_s{};          ///< seconds into the part at which it is over, > begin_s (end_cue_adj)
    int line{};              ///< of the CSV, from 1

    /// What is known of whole tracks beside. The cues above count from start_s.
    std::string title, artist;   ///< by its tags; may be empty
    double start_s{};            ///< seconds into the file at which it starts: its first downbeat
    std::optional<double> lufs;  ///< integrated loudness, where it is known without measuring again
    bool by_time{false};         ///< has no steady beat: played at its own speed, faded plainly
    std::string grid_source;     ///< who knows its beats: structure, analysis; empty for a part of an export

    /// `artist - title`, else the track's file name without its ending: for people to read.
    [[nodiscard]] std::string name() const {
        const std::string file = std::filesystem::path{path.empty() ? part_file : path}.stem().string();
        return title.empty() ? file : artist.empty() ? title : artist + " - " + title;
    }

    [[nodiscard]] double begin_beats() const noexcept { return begin_s * target_bpm / 60.0; }
    [[nodiscard]] double end_beats() const noexcept { return end_s * target_bpm / 60.0; }
};

/// The sections of a CSV, in its order: that of crowdjack-struct-export, or any with the columns `part_file`,
/// `begin_cue_adj` and `end_cue_adj`. Columns are found by the names in the first line, in any order, whatever their
/// capitals and blanks; `path`, `key`, `bpm` and `target_bpm` may be missing, others are ignored. The separator is a
/// comma, a semicolon (then numbers may have a decimal comma) or a tab.
/// @param passed_over  when given, a row that can't be read or played (a quote too many, no number, no length, no part)
/// is left out as long as others are left, and what is wrong with it goes here
/// @throws Failure naming source, line and column of the first thing that is wrong, or when no section is listed
[[nodiscard]] std::vector<Section> parse_sections(std::string_view text, const std::string& source,
                                                  std::vector<std::string>* passed_over = nullptr);

/// Its parts as absolute paths: relative ones lie in the working folder or beside the file.
/// @throws Failure when the file can't be read, or as parse_sections does
[[nodiscard]] std::vector<Section> read_sections(const std::filesystem::path& file,
                                                 std::vector<std::string>* passed_over);

}  // namespace crowdjack
