// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/web/http_types.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack::web {

/// HTTP and WebSocket on one port, with a thread of its own that never waits for anybody: whoever is slow, silent or
/// malformed costs a bounded piece of memory until its time is over.
///
/// Built on Boost.Beast: every connection is a state, not a thread, and a write that does not get through is seen as
/// such. (libcivetweb has a thread for each connection and blocks in its writes, so one stalled phone holds a thread.)
class HttpServer {
public:
    struct Limits {
        std::size_t connections{400};    ///< beyond: whoever has waited longest without a whole request goes
        std::size_t sockets{128};        ///< WebSockets, of all
        std::size_t sockets_of_one{48};  ///< of one address
        std::size_t header_bytes{8192};
        std::size_t body_bytes{65536};
        std::size_t message_bytes{65536};   ///< of a WebSocket
        std::size_t waiting_messages{256};  ///< answers that a socket has not taken; beyond: it is closed
        double messages_per_second{60.0};   ///< of one WebSocket, over time; beyond: it is closed
        double messages_at_once{240.0};
        std::chrono::seconds request_time{5};     ///< for a whole request to come in
        std::chrono::seconds response_time{20};   ///< for an answer to be taken
        std::chrono::seconds socket_silence{20};  ///< then it is pinged, and closed when that is not answered
    };

    /// All but `screen` are called on whatever thread `run_on` brings them to.
    struct Handlers {
        /// Server's thread, before anything else is looked at: an answer here refuses the request. Must not throw.
        std::function<std::optional<HttpResponse>(const HttpRequest&)> screen;
        std::function<void(const HttpRequest&, Respond)> request;
        std::function<void(SocketId, const HttpRequest&)> opened;
        std::function<void(SocketId, SocketMessage)> message;
        std::function<void(SocketId)> closed;
        std::function<void(std::function<void()>)> run_on;
    };

    struct Settings {
        std::string bind{"127.0.0.1"};
        std::uint16_t port{0};
        std::string feed_path{"/ws"};  ///< sockets of this path get the feed
        Limits limits{};
    };

    /// Listens at once; call start() to answer. @throws Failure naming address and port when it cannot
    HttpServer(Settings settings, Handlers handlers);
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    void start();
    /// Ends the thread; no handler is called after it.
    void stop();

    [[nodiscard]] std::uint16_t port() const noexcept;

    /// Any thread.
    /// @{
    void publish(std::vector<FeedSection> sections);
    void send(SocketId socket, SocketMessage message);
    void close(SocketId socket);
    /// @}

    /// For /metrics. Any thread.
    struct Counters {
        std::uint64_t requests{}, refused{}, evicted{}, timed_out{}, feed_sent{}, feed_skipped{};
        std::size_t connections{}, sockets{};
    };
    [[nodiscard]] Counters counters() const;

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace crowdjack::web
