// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/api/front_door.hpp"
#include "session/patch/patchbay.hpp"
#include "session/supervision/clients.hpp"

#include <functional>
#include <string>

namespace crowdjack {

/// `/session/…` and `/setlist/…` at the front door. Control thread only.
class NativeDoor {
public:
    struct Surroundings {
        Clients& clients;
        Patchbay& patchbay;
        std::function<void()> save;                                 ///< stores the patch; throws Failure
        std::function<void(const std::string& csv)> start_setlist;  ///< throws Failure
        std::function<void(OscMessage&)> describe;                  ///< adds name/value pairs to /session/state
    };

    NativeDoor(DoorParts parts, Surroundings surroundings);

private:
    void start(const OscRequest& request);
    void state(const OscRequest& request);
    void setlist_command(const OscRequest& request);

    DoorParts parts_;
    Surroundings surroundings_;
};

}  // namespace crowdjack
