// SPDX-License-Identifier: GPL-3.0-or-later
// What programs hold after a while, beside what they held before.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace crowdjack::test {

/// What a process holds.
struct Held {
    int descriptors{}, mappings{}, threads{};
    std::map<std::string, int> kinds;  ///< of the descriptors: what each leads to, numbers left out
    std::size_t anonymous_kib{};       ///< memory of its own
    std::size_t resident_kib{};        ///< that and the pages of files
};

[[nodiscard]] Held held_by(pid_t process);

/// By how much each may grow before it counts as more.
struct Growth {
    int descriptors{6}, mappings{40}, threads{2};
    std::size_t anonymous_kib{4096};
    double anonymous_part{0.5};  ///< and by this part of what it was
};

/// Prints both, by the programs' names; false when something grew.
[[nodiscard]] bool judge_held(const std::map<std::string, Held>& before, const std::map<std::string, Held>& after,
                              const Growth& allowed = {});

[[nodiscard]] std::uintmax_t bytes_in(const std::filesystem::path& folder);

}  // namespace crowdjack::test
