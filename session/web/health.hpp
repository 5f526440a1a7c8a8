// SPDX-License-Identifier: GPL-3.0-or-later
// How the suite is, in one word and in plain sentences; its lamps. Pure.
#pragma once

#include "session/status/snapshot.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace crowdjack::web {

struct Health {
    enum class Verdict {
        well,
        degraded,  ///< it sounds, but somebody should look
        down       ///< it does not, or cannot be asked
    };
    Verdict verdict{Verdict::well};
    std::vector<std::string> why;  ///< the worst first; empty when all is well
};

[[nodiscard]] const char* to_text(Health::Verdict verdict) noexcept;
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
