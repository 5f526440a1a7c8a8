// SPDX-License-Identifier: GPL-3.0-or-later
// What passes between the HTTP server and what answers: plain values.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace crowdjack::web {

struct HttpRequest {
    std::string method;        ///< GET, HEAD, POST …
    std::string path;          ///< decoded, without the query
    std::string query;         ///< as it came, without the question mark
    std::string host, origin;  ///< header fields; empty when absent
    std::string accept, authorization;
    std::string content_type;
    std::string body;
    std::string remote;  ///< numeric address of who asks
};

struct HttpResponse {
    unsigned status{200};
    std::string content_type{"text/plain; charset=utf-8"};
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  ///< besides those that every answer carries
};

/// Answers a request. Any thread, once; a second call is ignored.
using Respond = std::function<void(HttpResponse)>;

/// One WebSocket, for as long as the server runs: never given twice.
enum class SocketId : std::uint64_t {};

struct SocketMessage {
    bool binary{false};
    std::string data;
};

/// A part of the feed: all viewers are to know its latest text, and need not have seen those before.
struct FeedSection {
    std::string name;
    std::string json;
};

}  // namespace crowdjack::web
