// SPDX-License-Identifier: GPL-3.0-or-later
// The tracks a set is made of: what struct-export wrote, one row each.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

/// One exported section: a part file that begins at the track's `ini` cue, already at `target_bpm`.
struct Section {
    std::string path;       ///< the track it was cut from
    std::string part_file;  ///< what is played
    std::string key;        ///< may be empty
    double bpm{};           ///< the track's own, > 0
    double target_bpm{};    ///< the part file's, > 0
    double begin_s{};       ///< seconds into the part at which the next track starts, ≥ 0 (begin_cue_adj)
    double end_s{};         ///< seconds into the part at which it is over, > begin_s (end_cue_adj)
    int line{};             ///< of the CSV, from 1

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

/// One record of an RFC 4180 file: the fields with their quotes resolved, and the line it begins at.
struct CsvRecord {
    std::vector<std::string> fields;
    int line{};
};

/// Splits a text into its records. Lines may end in LF or CRLF, fields may hold quoted commas, quotes and line ends; a
/// byte order mark and empty lines are passed over.
/// @param source  names the text in errors
/// @throws Failure at a quote that is never closed, or that text follows
[[nodiscard]] std::vector<CsvRecord> parse_csv(std::string_view text, const std::string& source);

/// The sections of an export CSV, in its order. Columns are found by the names in its first line; all those of the
/// export must be there, in any order, and others are ignored.
/// @param passed_over  when given, a section that can't be played (no number, no length, no part) is left out as long
/// as others are left, and what is wrong with it goes here
/// @throws Failure naming source, line and column of the first thing that is wrong, or when no section is listed
[[nodiscard]] std::vector<Section> parse_sections(std::string_view text, const std::string& source,
                                                  std::vector<std::string>* passed_over = nullptr);

/// Its parts as absolute paths: relative ones lie in the working folder or beside the file.
/// @throws Failure when the file can't be read, or as parse_sections does
[[nodiscard]] std::vector<Section> read_sections(const std::filesystem::path& file,
                                                 std::vector<std::string>* passed_over);

/// A field as RFC 4180 wants it written: quoted when it must be.
[[nodiscard]] std::string csv_field(std::string_view text);

}  // namespace crowdjack
