// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/api/front_door.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace crowdjack {

/// Passes movement reports and tempo commands that reach the front door on to the follower. Control thread only.
///
/// Each sender's reports leave through a socket of their own, so that the follower can still tell detectors apart (one
/// may count in percent, another in fractions).
class MovementRelay {
public:
    explicit MovementRelay(DoorParts parts);
    ~MovementRelay();
    MovementRelay(const MovementRelay&) = delete;
    MovementRelay& operator=(const MovementRelay&) = delete;

    /// Reports that came while no follower ran.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }

private:
    struct Sender;
    void pass_on(const OscRequest& request);
    void command(const OscRequest& request);
    Sender& sender_for(const OscEndpoint& source);

    DoorParts parts_;
    std::map<std::string, std::unique_ptr<Sender>> senders_;  ///< by the source's URL
    std::uint64_t dropped_{0};
};

/// The same message anew, argument by argument.
[[nodiscard]] OscMessage copy_of(const OscRequest& request);

/// Asks `peer` the same, and hands its answer to who asked. @throws OscError{not_ready} when it is not there
void pass_question_on(PeerCalls& calls, const std::string& peer, const OscRequest& request);

}  // namespace crowdjack
