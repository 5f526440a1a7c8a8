// SPDX-License-Identifier: GPL-3.0-or-later
// How setlist, status and tune speak with the running suite: as any other OSC client, through the registry.
#pragma once

#include "common/common_options.hpp"
#include "common/control_loop.hpp"
#include "common/osc_server.hpp"
#include "common/peer_book.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crowdjack {

/// The suite of one server, seen from a process that is no JACK client. Control thread only; nothing waits.
class SuiteLink {
public:
    explicit SuiteLink(const CommonOptions& options);

    [[nodiscard]] ControlLoop& loop() noexcept { return loop_; }
    [[nodiscard]] OscServer& osc() noexcept { return osc_; }
    [[nodiscard]] const std::string& server() const noexcept { return server_; }

    [[nodiscard]] std::vector<PeerInfo> peers() { return book_.all(); }
    [[nodiscard]] std::optional<PeerInfo> peer(const std::string& client);
    [[nodiscard]] std::optional<PeerInfo> peer_of_kind(const std::string& kind);

    /// False when there is no such client.
    bool send(const std::string& client, const OscMessage& message);
    void send(const PeerInfo& peer, const OscMessage& message);

    /// The client that a message came from, if it is one.
    [[nodiscard]] std::optional<std::string> client_of(const OscEndpoint& sender);

    /// Calls `heard` with every `/reply` and `/error` of a client: the command's address, and the code and message of
    /// an error.
    struct Answer {
        std::string client, command;
        std::optional<OscErrorCode> error;
        std::string message;
    };
    void on_answer(std::function<void(const Answer&)> heard);

    /// Calls `heard` for every message that a client sends to `address`.
    using Heard = std::function<void(const std::string& client, const OscArguments& arguments)>;
    void on_message(const std::string& address, Heard heard);

    /// Seconds on a clock that only grows.
    [[nodiscard]] static double seconds();

private:
    void answered(const OscRequest& request, bool is_error);

    std::string server_;
    ControlLoop loop_;
    OscServer osc_;
    PeerBook book_;
    std::function<void(const Answer&)> answer_;
};

/// The name/value pairs of an answer such as /mixer/state, in its order; a name may come more than once.
using NamedValues = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] NamedValues named_values(const OscArguments& arguments);

/// The first value of that name, also as a number.
/// @{
[[nodiscard]] std::optional<std::string> named_text(const NamedValues& values, std::string_view name);
[[nodiscard]] std::optional<double> named_number(const NamedValues& values, std::string_view name);
/// @}

}  // namespace crowdjack
