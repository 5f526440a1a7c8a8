// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/track_struct.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// Finds the audio that a structure speaks of, though it was analysed on another machine: in --audio-dir by as much of
/// its path as exists there, then by file name anywhere below; then where the JSON says; then where Rekordbox says. A
/// name on disk may be spelled otherwise (NFC/NFD; in --audio-dir also upper and lower case).
class AudioLookup {
public:
    /// @param audio_dir  listed once, here. @throws Failure when it can't be
    explicit AudioLookup(std::optional<std::filesystem::path> audio_dir);

    struct Found {
        std::filesystem::path file;  ///< absolute, a regular file
        std::string doubt;           ///< other files that fit as well; empty when none does
    };

    /// @param rekordbox_path  decoded Location, or empty
    /// @throws NotExported "audio missing" with every path that was tried
    [[nodiscard]] Found find(const TrackStruct& track, const std::string& rekordbox_path) const;

private:
    [[nodiscard]] std::optional<Found> below_audio_dir(const std::string& path) const;

    std::optional<std::filesystem::path> audio_dir_;
    std::multimap<std::string, std::filesystem::path> by_name_;  ///< match_key of the file name; paths sorted
};

/// The path as it is on disk when it is there in any Unicode normalisation, component by component.
[[nodiscard]] std::optional<std::filesystem::path> on_disk(const std::filesystem::path& path);

}  // namespace crowdjack
