// SPDX-License-Identifier: GPL-3.0-or-later
// How the suite is, in one word and in plain sentences; its lamps. Pure.
#pragma once

#include "session/status/health_check.hpp"
#include "session/status/snapshot.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace crowdjack::web {

/// The verdict of `status --check`, with all that is behind it, and what only the page looks at.
struct Health {
    using Level = HealthVerdict::Level;
    Level level{};
    std::vector<std::string> why;  ///< empty when all is well
};

[[nodiscard]] const char* to_text(Health::Level level) noexcept;
[[nodiscard]] Health judge(const SuiteSnapshot& snapshot);

/// One lamp of the page.
struct Lamp {
    enum class Colour { off, good, warning, bad };
    std::string name;
    Colour colour{Colour::off};
    std::string text;  ///< what it says, beside its colour
};

struct Disk {
    bool known{false};
    double free_bytes{}, all_bytes{};
};
/// Of the disk that `path` lies on, or will. Looks at the file system.
[[nodiscard]] Disk disk_of(const std::string& path);

[[nodiscard]] const char* to_text(Lamp::Colour colour) noexcept;
[[nodiscard]] std::vector<Lamp> lamps_of(const SuiteSnapshot& snapshot, const Disk& disk);

}  // namespace crowdjack::web
