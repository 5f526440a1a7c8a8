// SPDX-License-Identifier: GPL-3.0-or-later
// What is done to the structure files themselves.
#pragma once

#include "struct-export/rekordbox.hpp"
#include "struct-export/selection.hpp"

#include <filesystem>
#include <vector>

namespace crowdjack {

/// Writes one JSON object: each structure's whole content under its file's name without extension. One file is in
/// memory at a time; appears complete or not at all. Files that can't be read are left out (the selection tells about
/// them).
/// @throws Failure
void write_merged(const std::vector<std::filesystem::path>& structures, const std::filesystem::path& output);

/// Sets `key` in every structure whose track the collection knows with a tonality; other fields keep their values and
/// order. Each file is replaced atomically, and only when its key changes.
/// @param warn  called for what can't be read or written
/// @returns how many files changed
std::size_t write_keys(const std::vector<std::filesystem::path>& structures, const RekordboxCollection& collection,
                       const Tell& warn);

}  // namespace crowdjack
