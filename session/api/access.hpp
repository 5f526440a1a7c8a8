// SPDX-License-Identifier: GPL-3.0-or-later
// Who may do what from other machines: `[osc] allow` and `remote` of the session file. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

/// `10.0.0.0/24`, or one host.
struct HostRange {
    std::uint32_t network{}, mask{};  ///< host byte order

    /// Nothing when it is no such range.
    [[nodiscard]] static std::optional<HostRange> parse(const std::string& text);
    [[nodiscard]] bool holds(std::uint32_t host) const noexcept { return (host & mask) == network; }
};

/// What hosts beyond this machine may send.
enum class Remote {
    reports,  ///< movement only
    play,     ///< what a DJ does: no recording paths, no streaming, no starting, storing or ending of sessions
    all,
};

struct Access {
    std::vector<HostRange> allow{};  ///< empty: every host
    Remote remote{Remote::play};

    /// Why a message to `address` (without selectors) from `host` (host byte order) is refused; empty when it is not.
    /// This machine may do everything.
    [[nodiscard]] std::string refusal(std::uint32_t host, std::string_view address) const;
};

}  // namespace crowdjack
