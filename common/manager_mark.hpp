// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/descriptor.hpp"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace crowdjack {

/// Notes beside a client's registry entry which session manager runs it: CLIENT.manager.
/// @param port  the manager's UDP port on this machine
void mark_manager(const std::filesystem::path& registry, const std::string& client, std::uint16_t port);

/// Was that client, which process `pid` is, run by a session manager that is gone? It plays on, but nobody saves or
/// ends it any more.
[[nodiscard]] bool is_orphan(const std::filesystem::path& registry, const std::string& client, pid_t pid);

/// Closes what a manager that doesn't care hands down to the programs it starts: the socket that it listens at. Held
/// here, it would look as if the manager lived after its end, and keep a new one from the same port.
/// For the start of a program, before it has sockets of its own.
/// @param port  the manager's UDP port on this machine
void close_inherited_socket(std::uint16_t port);

/// The right to say that one can change to another session (NSM's `:switch:`), for the life of this object: one of all
/// clients of a program that one manager runs has it.
///
/// nsmd 1.6 finds the client that is to change by its name only: with two decks that can, it commands the first one for
/// both, starts a third, and leaves the second in the new session with the old one's project. With one, the others are
/// ended and started anew, and each gets its own.
class SwitchClaim {
public:
    /// @param port  the manager's UDP port on this machine
    SwitchClaim(std::uint16_t port, const std::string& executable);
    [[nodiscard]] bool held() const noexcept { return static_cast<bool>(socket_); }

private:
    Descriptor socket_;  ///< bound to a name that no other process can have meanwhile
};

}  // namespace crowdjack
