// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace crowdjack {

/// Leads an Ableton Link session: lights and other DJs' gear follow the crowd's tempo and bar. What others set is
/// overruled at the next word, ten times a second. Or follows it, when nobody calls lead().
///
/// Link talks UDP multicast on every network interface, from threads of its own. Control thread only.
class LinkBridge {
public:
    /// Whether this build has Link in it.
    [[nodiscard]] static bool available() noexcept;

    /// Joins (or founds) the session of the local network.
    explicit LinkBridge(Bpm bpm);
    ~LinkBridge();
    LinkBridge(const LinkBridge&) = delete;
    LinkBridge& operator=(const LinkBridge&) = delete;

    /// Leads on: at this very moment the line stands at `beat` and runs at `bpm`. Handed to a worker; returns at once.
    void lead(Beats beat, Bpm bpm);

    /// Where the session stands at this very moment; nothing while nobody else is in it.
    struct Heard {
        double beat{}, bpm{};
    };
    [[nodiscard]] std::optional<Heard> heard() const;

    [[nodiscard]] std::size_t peers() const;

private:
    struct Session;
    std::unique_ptr<Session> session_;
};

}  // namespace crowdjack
