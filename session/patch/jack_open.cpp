// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/patch/jack_open.hpp"

#include "common/jack_opening.hpp"

#include <unistd.h>

namespace crowdjack {

jack_client_t* open_jack_client(const std::string& name, const std::string& server,
                                std::chrono::milliseconds deadline) {
    // JackOpening insists on the exact name; with the pid it is nobody else's.
    const auto opening = JackOpening::begin(server, name + "-" + std::to_string(::getpid()), {});
    return opening->wait_until(std::chrono::steady_clock::now() + deadline) ? opening->take() : nullptr;
}

}  // namespace crowdjack
