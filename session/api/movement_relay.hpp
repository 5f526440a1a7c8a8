// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/movement_address.hpp"
#include "session/api/front_door.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace crowdjack {

/// Passes movement reports that reach the front door on to the follower, of all zones. Control thread only.
///
/// Each sender's reports leave through a socket of their own, so that the follower can still tell detectors apart (one
/// may count in percent, another in fractions). A report that comes twice, at two ports of the door, is passed on once.
class MovementRelay {
public:
    explicit MovementRelay(DoorParts parts);
    ~MovementRelay();
    MovementRelay(const MovementRelay&) = delete;
    MovementRelay& operator=(const MovementRelay&) = delete;

    /// Reports that came while no follower ran.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
    /// Reports that were counted at another port already.
    [[nodiscard]] std::uint64_t repeated() const noexcept { return repeated_.found(); }

private:
    struct Sender;
    void pass_on(const OscRequest& request);
    Sender& sender_for(const OscEndpoint& source);

    DoorParts parts_;
    RepeatedReports repeated_;
    std::map<std::string, std::unique_ptr<Sender>> senders_;  ///< by the source's URL
    std::uint64_t dropped_{0};
};

}  // namespace crowdjack
