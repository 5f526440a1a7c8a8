// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/osc_endpoint.hpp"
#include "common/registry.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace crowdjack {

/// Who else is there: the living clients of this server's registry, and the remote ones the user named. Control thread
/// only; looking is cheap, the registry is read anew when the last look is older than 200 ms.
class PeerBook {
public:
    /// @param remote  NAME=URL each, from --peer
    /// @throws UsageError for a malformed one
    PeerBook(std::string server, const std::vector<std::string>& remote);

    /// By value: whoever walks the list may do things that make the book look again.
    [[nodiscard]] std::vector<PeerInfo> all();
    /// The same, read anew: something has just happened to the registry.
    std::vector<PeerInfo> look_now();
    /// Where the client of that plain name listens.
    [[nodiscard]] std::optional<OscEndpoint> endpoint(const std::string& client);

    /// True for a sender whose frames mean nothing here: on another machine, or a client of another server's registry.
    [[nodiscard]] bool is_foreign(const OscEndpoint& sender);

private:
    using Clock = std::chrono::steady_clock;

    std::string server_;
    PeerList registry_;
    std::vector<PeerInfo> remote_;
    std::vector<PeerInfo> all_;
    Clock::time_point read_{};
    std::map<std::uint16_t, std::pair<bool, Clock::time_point>> foreign_ports_;  ///< answer and how long it holds
};

}  // namespace crowdjack
