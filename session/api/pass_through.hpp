// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/api/front_door.hpp"

#include <chrono>
#include <string>

namespace crowdjack {

/// Everything that deck, mixer, follower and setlist understand, at the front door: `/mixer/A/gain`, `/tempo/hold`,
/// `/deck/A/cue`. Who asks is answered at the address that was asked; who subscribes here hears the events of all, with
/// the deck in the address (`/deck/A/state`). Control thread only.
class PassThrough {
public:
    explicit PassThrough(DoorParts parts);

private:
    [[nodiscard]] bool pass(const OscRequest& request);
    /// Who serves it. @throws OscError when nobody does
    [[nodiscard]] std::string client_for(const OscRequest& request);
    [[nodiscard]] std::string deck_named(std::string_view text);
    void pass_event(const PeerInfo& peer, const std::string& address, const OscArguments& arguments);
    void greet(const OscEndpoint& subscriber);
    void hear_everybody();

    DoorParts parts_;
};

}  // namespace crowdjack
