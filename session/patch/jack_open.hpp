// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <jack/jack.h>

#include <chrono>
#include <string>

namespace crowdjack {

/// jack_client_open() that never starts a server and gives up after `deadline`: a server that hangs, or a metadata
/// store that somebody left locked, would hold it for ever. The client's name gets our pid added. Null when there is no
/// server, or it does not answer in time.
[[nodiscard]] jack_client_t* open_jack_client(const std::string& name, const std::string& server,
                                              std::chrono::milliseconds deadline);

}  // namespace crowdjack
