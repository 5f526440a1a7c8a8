// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// The folder of this executable, symlinks resolved.
[[nodiscard]] std::filesystem::path own_folder();

/// Where to look for a client's program, in order: beside crowdjack-session, in the sibling room folders of a build
/// tree, then on PATH.
[[nodiscard]] std::vector<std::filesystem::path> program_folders();

/// The program's path: a name with '/' is taken as it is, others are looked up. Nothing when there is no such
/// executable.
[[nodiscard]] std::optional<std::filesystem::path> find_program(const std::string& name,
                                                                const std::vector<std::filesystem::path>& folders);

/// The executable in `folders` whose name is nearest to `wrong`, or "".
[[nodiscard]] std::string nearest_program(const std::string& wrong, const std::vector<std::filesystem::path>& folders);

}  // namespace crowdjack
