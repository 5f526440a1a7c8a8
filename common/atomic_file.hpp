// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string_view>

namespace crowdjack {

enum class Durability {
    process,  ///< survives a kill -9
    power     ///< survives a power cut: synced to the device, which may take a while
};

/// Writes `text` to a temporary name beside `path` and renames it: readers see the old or the new, never half.
/// @param mode  permissions, before the umask
/// @throws Failure naming the path
void write_atomically(const std::filesystem::path& path, std::string_view text,
                      Durability durability = Durability::power, mode_t mode = 0600);

/// Brings the names in the folder of `path` to the device: what was just made or renamed there is still so after a
/// power cut. May take a while. @returns 0, or the errno of what failed
[[nodiscard]] int sync_folder_of(const std::filesystem::path& path) noexcept;

}  // namespace crowdjack
