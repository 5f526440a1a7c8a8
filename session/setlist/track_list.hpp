// SPDX-License-Identifier: GPL-3.0-or-later
// What a set may be made of besides an export's CSV: a folder of music, or a playlist.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

/// Is it a folder or a playlist (.m3u .m3u8 .xspf), rather than a CSV?
[[nodiscard]] bool names_tracks(const std::filesystem::path& source);

/// The audio files of a folder and all below it, or of a playlist in its order.
/// @param passed_over  receives what a playlist names that is not there or can't be played
/// @throws Failure when the source can't be read or holds no track
[[nodiscard]] std::vector<std::filesystem::path> list_tracks(const std::filesystem::path& source,
                                                             std::vector<std::string>& passed_over);

/// The places a playlist names, as they stand in it: paths, or file: URLs decoded. Lines of an M3U that begin with #
/// are none; a byte order mark and either kind of line end are passed over. XSPF: each track's first location.
/// @throws Failure when an XSPF is no XML
/// @{
[[nodiscard]] std::vector<std::string> parse_m3u(std::string_view text);
[[nodiscard]] std::vector<std::string> parse_xspf(std::string_view text, const std::string& name);
/// @}

}  // namespace crowdjack
