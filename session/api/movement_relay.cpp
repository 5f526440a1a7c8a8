// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/movement_relay.hpp"

#include "common/error.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace crowdjack {

namespace {

constexpr std::size_t most_senders = 16;

}  // namespace

/// A socket of its own for one source.
struct MovementRelay::Sender {
    int fd{-1};
    std::chrono::steady_clock::time_point used;

    Sender() : fd{::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)} {
        if (fd < 0) {
            throw Failure{"cannot create a UDP socket: " + errno_text(errno)};
        }
    }
    ~Sender() { ::close(fd); }
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;
};

MovementRelay::MovementRelay(DoorParts parts) : parts_{parts} {
    parts_.shell.osc().handle_reports_like(
        [](std::string_view address) { return movement_address(address).has_value(); },
        [this](const OscRequest& request) { pass_on(request); });
    // Keypoints come with every camera frame and say nothing to us.
    parts_.shell.osc().handle_unknown_reports(is_pose_address);
}

MovementRelay::~MovementRelay() = default;

MovementRelay::Sender& MovementRelay::sender_for(const OscEndpoint& source) {
    const std::string url = source.url();
    auto found = senders_.find(url);
    if (found == senders_.end()) {
        if (senders_.size() >= most_senders) {
            senders_.erase(std::min_element(senders_.begin(), senders_.end(), [](const auto& a, const auto& b) {
                return a.second->used < b.second->used;
            }));
        }
        found = senders_.emplace(url, std::make_unique<Sender>()).first;
    }
    found->second->used = std::chrono::steady_clock::now();
    return *found->second;
}

void MovementRelay::pass_on(const OscRequest& request) {
    const double value = request.arguments.number(0, "movement");
    const std::chrono::duration<double> now = std::chrono::steady_clock::now().time_since_epoch();
    if (repeated_.is_repetition(
            {request.sender().address.sin_addr.s_addr, request.reply_to.socket(), request.address, value},
            now.count())) {
        return;
    }
    const auto follower = parts_.peers().of_kind("bpm-follower");
    if (!follower) {
        ++dropped_;
        return;
    }
    const OscEndpoint to = OscEndpoint::parse(follower->url, OscEndpoint::Host::numeric);
    const OscMessage message{std::string{request.address}, request.arguments.atoms()};
    const std::vector<char> packet = message.serialised();
    const Sender& sender = sender_for(request.sender());
    (void)::sendto(sender.fd, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to.address),
                   sizeof to.address);
}

}  // namespace crowdjack
