// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/movement_relay.hpp"

#include "common/error.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace crowdjack {

namespace {

constexpr std::size_t most_senders = 16;

constexpr std::array report_addresses{"/dance/total_movement",
                                      "/dance/person_count",
                                      "/dance/arm",
                                      "/dance/arms",
                                      "/dance/leg",
                                      "/dance/legs",
                                      "/dance/head",
                                      "/dance/arm_movement",
                                      "/dance/arms_movement",
                                      "/dance/leg_movement",
                                      "/dance/legs_movement",
                                      "/dance/head_movement",
                                      "/movement/arms",
                                      "/movement/legs",
                                      "/movement/head",
                                      "/arms",
                                      "/legs",
                                      "/head"};

constexpr std::array command_addresses{"/tempo/set", "/tempo/hold", "/tempo/tap", "/tempo/nudge", "/tempo/state"};

/// Without arguments these ask, and are answered at their own address.
bool is_question(const OscRequest& request) {
    return request.address == "/tempo/state" ||
           (request.arguments.empty() && (request.address == "/tempo/set" || request.address == "/tempo/hold"));
}

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

OscMessage copy_of(const OscRequest& request) {
    OscMessage message{std::string{request.address}};
    const OscArguments& arguments = request.arguments;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        switch (arguments.types()[i]) {
        case 's':
        case 'S':
            message.text(arguments.text(i, "text"));
            break;
        case 'T':
            message.flag(true);
            break;
        case 'F':
            message.flag(false);
            break;
        case 'N':
            message.nil();
            break;
        case 'i':
            message.integer(static_cast<std::int32_t>(arguments.number(i, "number")));
            break;
        case 'f':
            message.real(static_cast<float>(arguments.number(i, "number")));
            break;
        default:
            message.precise(arguments.number(i, "number"));
            break;
        }
    }
    return message;
}

void pass_question_on(PeerCalls& calls, const std::string& peer, const OscRequest& request) {
    calls.ask(peer, copy_of(request), [reply = request.reply_to](const PeerAnswer& answer) {
        if (answer.ok) {
            reply.send(copy_of({reply.address(), *answer.arguments, {}}));
        } else {
            reply.error(answer.code, answer.message);
        }
    });
}

MovementRelay::MovementRelay(DoorParts parts) : parts_{parts} {
    OscServer& osc = parts_.shell.osc();
    for (const char* address : report_addresses) {
        osc.handle_report(address, [this](const OscRequest& request) { pass_on(request); });
    }
    for (const char* address : command_addresses) {
        parts_.calls.serve(address, [this](const OscRequest& request) {
            if (is_question(request)) {
                pass_question_on(parts_.calls, peer_of_kind(parts_.shell, "bpm-follower"), request);
            } else {
                command(request);
            }
        });
    }
    // Keypoints come with every camera frame and say nothing to us.
    osc.handle_unknown_reports([](std::string_view address) {
        return address.starts_with("/dance/pose/") || address.starts_with("/pose/") ||
               address.starts_with("/dance/keypoints") || address.starts_with("/keypoints");
    });
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
    const auto peers = parts_.shell.peers().all();
    const auto follower =
        std::find_if(peers.begin(), peers.end(), [](const PeerInfo& peer) { return peer.kind == "bpm-follower"; });
    if (follower == peers.end()) {
        ++dropped_;
        return;
    }
    const OscEndpoint to = OscEndpoint::parse(follower->url);
    const std::vector<char> packet = copy_of(request).serialised();
    const Sender& sender = sender_for(request.sender());
    (void)::sendto(sender.fd, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to.address),
                   sizeof to.address);
}

void MovementRelay::command(const OscRequest& request) {
    const auto joint = JointAnswer::to(request.reply_to);
    joint->command(parts_.calls, peer_of_kind(parts_.shell, "bpm-follower"), copy_of(request));
    joint->seal();
}

}  // namespace crowdjack
