// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/setlist/sections.hpp"

#include <filesystem>
#include <optional>

namespace crowdjack {

/// A whole track as a set plays it, from the structure JSON that an analysis (ours or all-in-one's) made of it: from
/// its first downbeat, the next one coming in where its outro begins (at most 64 beats before its end). What has no
/// steady beat in four, or is too short for that, is played by time: whole, with a plain cross-fade.
///
/// @param length_s  of the audio, where the JSON does not say it
/// @returns nothing when the JSON can't be read or speaks of another file
[[nodiscard]] std::optional<Section> section_of_track(const std::filesystem::path& json,
                                                      const std::filesystem::path& track, double length_s);

/// A track of which nothing but its length is known: whole, at its own speed, with a plain cross-fade.
[[nodiscard]] Section section_by_time(const std::filesystem::path& track, double length_s);

}  // namespace crowdjack
