// SPDX-License-Identifier: GPL-3.0-or-later
// The suite as a stranger sees it: by its registry folder, not by our own headers.
#pragma once

#include "tests/support/eventually.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace crowdjack::test {

/// $XDG_RUNTIME_DIR/crowdjack/SERVER, else /tmp/crowdjack-UID/SERVER.
[[nodiscard]] std::filesystem::path registry_of(const std::string& server);

/// The key/value lines of a client's registry file; nothing when there is none, its owner is dead (the lock is free) or
/// it is still empty.
[[nodiscard]] std::optional<std::map<std::string, std::string>> registry_entry(const std::string& server,
                                                                               const std::string& client);

/// The client's OSC URL, waiting until it has entered itself. @throws std::runtime_error when it does not come
[[nodiscard]] std::string wait_for_client(const std::string& server, const std::string& client,
                                          Deadline deadline = patient);

}  // namespace crowdjack::test
