// SPDX-License-Identifier: GPL-3.0-or-later
// What the HTTP server's own files share. Everything here lives on the server's thread unless it says otherwise.
#pragma once

#include "session/web/feed_board.hpp"
#include "session/web/http_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <thread>

namespace crowdjack::web {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = net::ip::tcp;
using BeastRequest = http::request<http::string_body>;

class HttpConnection;
class WebSocket;

struct HttpCore {
    HttpCore(HttpServer::Settings wanted, HttpServer::Handlers use)
        : settings{std::move(wanted)}, handlers{std::move(use)} {}

    const HttpServer::Settings settings;
    const HttpServer::Handlers handlers;
    FeedBoard board;
    std::map<std::uint64_t, std::weak_ptr<HttpConnection>> connections;   ///< the oldest first
    std::map<std::uint64_t, std::shared_ptr<HttpConnection>> unanswered;  ///< those that wait for a Respond
    std::map<std::uint64_t, std::shared_ptr<WebSocket>> sockets;
    std::uint64_t next_id{1};

    /// Written by the server's thread, read by anyone (relaxed).
    /// @{
    std::atomic<std::uint64_t> requests{0}, refused{0}, evicted{0}, timed_out{0}, feed_sent{0}, feed_skipped{0};
    std::atomic<std::size_t> connection_count{0}, socket_count{0};
    /// @}

    net::io_context io{1};  ///< last: what it lets go of at its end looks at the rest

    /// May one more WebSocket come from there?
    [[nodiscard]] bool takes_socket_of(const std::string& remote) const;
    void feed_viewers();
};

/// Takes over a connection whose upgrade was asked for and is allowed.
void open_socket(HttpCore& core, beast::tcp_stream stream, BeastRequest request, HttpRequest asked);
void send_to_socket(HttpCore& core, SocketId socket, SocketMessage message);
void close_socket(HttpCore& core, SocketId socket);
void close_all_sockets(HttpCore& core);

}  // namespace crowdjack::web
