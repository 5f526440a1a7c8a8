// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/jack_door.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <string>
#include <thread>

namespace crowdjack {

namespace {

thread_local int turns = 0;

}  // namespace

JackDoor::JackDoor(std::chrono::milliseconds patience) {
    if (turns++ > 0) {
        return;
    }
    socket_ = Descriptor{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    constexpr auto look = std::chrono::milliseconds{3};
    const std::string name = "crowdjack/" + std::to_string(::getuid()) + "/jack-door";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(&address.sun_path[1], name.size());  // abstract: gone with this process, however it ends
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    const auto until = std::chrono::steady_clock::now() + patience;
    while (true) {
        has_turn_ = socket_ && ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0;
        if (has_turn_ || !socket_ || std::chrono::steady_clock::now() >= until) {
            return;
        }
        std::this_thread::sleep_for(look);
    }
}

JackDoor::~JackDoor() { --turns; }

}  // namespace crowdjack
