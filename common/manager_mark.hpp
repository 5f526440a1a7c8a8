// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

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

}  // namespace crowdjack
