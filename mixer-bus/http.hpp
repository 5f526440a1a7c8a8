// SPDX-License-Identifier: GPL-3.0-or-later
// As much HTTP as an Icecast source needs (RFC 9110, 9112).
#pragma once

#include "mixer-bus/tcp_connection.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace crowdjack {

/// The head of an answer: its status and the rest as it came.
struct HttpHead {
    int status{};
    std::string reason;    ///< printable, short
    std::string location;  ///< where a redirect leads, printable; "" without one
    std::size_t bytes{};   ///< of the head, with the empty line
};

inline constexpr std::size_t longest_http_head = 8192;

/// The first head in `text`, or nothing while it is not complete. A status of 0: that is no HTTP.
[[nodiscard]] std::optional<HttpHead> parse_http_head(std::string_view text);

/// `Basic` and the rest, as an Authorization header has it (RFC 7617).
[[nodiscard]] std::string basic_authorization(std::string_view user, std::string_view password);

/// Escapes what a query's value can't hold.
[[nodiscard]] std::string url_escaped(std::string_view text);

/// `host:port`, an IPv6 address in brackets.
[[nodiscard]] std::string host_and_port(const std::string& host, std::uint16_t port);

/// One GET that takes at most 5 s and 64 KB, whatever the server does. One thread (a worker's).
class HttpGet {
public:
    /// @param path  with its query; @param authorization  a header's value, or ""
    HttpGet(const std::string& host, std::uint16_t port, const std::string& path, const std::string& authorization);

    enum class State { running, done, failed };
    /// To be called every few ms.
    State proceed();
    [[nodiscard]] int status() const noexcept { return status_; }
    [[nodiscard]] std::string_view body() const noexcept;

private:
    TcpConnection connection_;
    std::chrono::steady_clock::time_point until_;
    std::string received_;
    std::size_t body_at_{0};
    int status_{0};
    State state_{State::running};
};

}  // namespace crowdjack
