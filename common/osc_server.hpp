// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "common/osc_endpoint.hpp"
#include "common/osc_message.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace crowdjack {

class OscServer;

/// Where an answer goes; a value that may be kept until a command is done (control thread only).
class OscReplyTo {
public:
    OscReplyTo() = default;  ///< answers nobody
    OscReplyTo(OscServer& server, std::size_t socket, OscEndpoint to, std::string address)
        : server_{&server}, socket_{socket}, to_{to}, address_{std::move(address)} {}

    /// `/reply s:ADDRESS …`: begin with this and add what belongs to it, then send() it.
    [[nodiscard]] OscMessage reply() const;
    void done() const { send(reply()); }
    void error(OscErrorCode code, std::string_view message) const;
    void send(const OscMessage& message) const;
    [[nodiscard]] const OscEndpoint& endpoint() const noexcept { return to_; }
    [[nodiscard]] const std::string& address() const noexcept { return address_; }

private:
    OscServer* server_{nullptr};
    std::size_t socket_{};
    OscEndpoint to_{};
    std::string address_;
};

/// One received command: the arguments live only as long as the handler's call, `reply_to` as long as you like.
struct OscRequest {
    std::string_view address;
    const OscArguments& arguments;
    OscReplyTo reply_to;
    [[nodiscard]] const OscEndpoint& sender() const noexcept { return reply_to.endpoint(); }
};

/// An OSC server that is safe by default: own UDP sockets, loopback unless told, exact addresses, typed and finite
/// arguments, no patterns, no blobs, no bundles dated ahead; what is malformed is counted, never answered by a crash.
///
/// Also the sender of all of the process's OSC, so that peers know it by its port. Control thread only.
class OscServer {
public:
    /// @param bind_address  numeric IPv4; 127.0.0.1 unless the user asked
    /// @param ports  one socket each; 0 takes a free one
    /// @throws Failure naming the port that could not be bound
    OscServer(ControlLoop& loop, const std::string& bind_address, const std::vector<std::uint16_t>& ports);
    ~OscServer();
    OscServer(const OscServer&) = delete;
    OscServer& operator=(const OscServer&) = delete;

    /// One more socket, on a port that is nice to have. @returns whether it could be bound
    bool listen_too(const std::string& bind_address, std::uint16_t port);

    /// A handler that throws OscError answers `/error`; anything else it throws answers code 5 (failed).
    using Handler = std::function<void(const OscRequest&)>;
    /// Commands are answered by their handler (request.reply_to); unknown addresses are answered `/error … 2`.
    void handle(std::string address, Handler handler);
    /// Reports (/dance/…, /tempo/line, /reply) are never answered, not even when wrong (then only counted). Several
    /// listeners of one address are called in turn.
    void handle_report(std::string address, Handler handler);
    /// Reports at addresses that can't be listed (`/ZONE/total_movement`): whatever nothing is registered for and
    /// `belongs` accepts.
    void handle_reports_like(std::function<bool(std::string_view address)> belongs, Handler handler);
    /// Addresses that nothing is registered for go here instead of being refused, e.g. keypoint messages to ignore:
    /// return true when taken.
    void handle_unknown_reports(std::function<bool(std::string_view address)> taken);

    void send(const OscEndpoint& to, const OscMessage& message) { send_from(0, to, message); }
    void send_from(std::size_t socket, const OscEndpoint& to, const OscMessage& message);

    /// To every subscriber (see /subscribe, handled here: `[s:URL]`, 60 s, at most 32).
    void publish(const OscMessage& message);
    [[nodiscard]] bool has_subscribers() const noexcept { return !subscribers_.empty(); }
    /// Called with each new subscriber, e.g. to send it the current state.
    void on_subscribe(std::function<void(const OscEndpoint&)> greet) { greet_ = std::move(greet); }

    /// The first socket's URL, as written to the registry.
    [[nodiscard]] std::string url() const;
    [[nodiscard]] std::uint16_t port() const;

    struct Counters {
        std::uint64_t received{}, malformed{}, unknown{}, refused{};
    };
    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

private:
    struct Registered {
        std::vector<Handler> handlers;
        bool answered{true};
    };
    struct Subscriber {
        OscEndpoint endpoint;
        std::chrono::steady_clock::time_point until;
    };

    void listen(const std::string& bind_address, std::uint16_t port);
    void receive(std::size_t socket);
    void take_packet(std::size_t socket, const OscEndpoint& from, char* data, std::size_t size, int depth);
    void take_bundle(std::size_t socket, const OscEndpoint& from, char* data, std::size_t size, int depth);
    void take_message(std::size_t socket, const OscEndpoint& from, char* data, std::size_t size);
    void dispatch(std::size_t socket, const OscEndpoint& from, std::string_view address, lo_message message);
    [[nodiscard]] const Registered* registered(std::string_view address) const;
    void subscribe(const OscRequest& request);
    void expire_subscribers();

    ControlLoop& loop_;
    std::vector<int> sockets_;
    std::unordered_map<std::string, Registered> handlers_;
    std::vector<std::pair<std::function<bool(std::string_view)>, Registered>> families_;
    std::function<bool(std::string_view)> unknown_reports_;
    std::function<void(const OscEndpoint&)> greet_;
    std::vector<Subscriber> subscribers_;
    std::size_t elements_left_{};  ///< of the packet at hand
    Counters counters_;
};

}  // namespace crowdjack
