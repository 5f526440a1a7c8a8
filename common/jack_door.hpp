// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/descriptor.hpp"

#include <chrono>

namespace crowdjack {

/// One program of this user at a time comes to JACK, or leaves it, for the life of this object.
///
/// Many that go at once (a session manager ends or changes a session) keep libjack's notification threads of all others
/// busy for as long, and that is when closing a client can get stuck (JackClosing). Taking turns, it is the same work.
class JackDoor {
public:
    /// Waits for its turn. Whoever holds it for longer, or hangs there, is passed by. A thread that has it has it again
    /// at once, and gives it back with the first. An object must end on the thread that made it.
    explicit JackDoor(std::chrono::milliseconds patience);
    ~JackDoor();
    JackDoor(const JackDoor&) = delete;
    JackDoor& operator=(const JackDoor&) = delete;

    /// Whether it, or one that its thread made before, has its turn; else its patience ended.
    [[nodiscard]] bool has_turn() const noexcept { return has_turn_; }

private:
    bool has_turn_{true};
    Descriptor socket_;  ///< bound to a name that no other process can have meanwhile
};

/// A client of this process did not get out (JackClosing): its audio thread may still run, and no other one gets in.
[[nodiscard]] bool jack_is_stuck() noexcept;

}  // namespace crowdjack
