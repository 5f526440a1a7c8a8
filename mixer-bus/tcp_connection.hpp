// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace crowdjack {

/// A TCP connection of which no call ever blocks, whatever the other side does: each call does what can be done now.
/// One thread (a worker's).
class TcpConnection {
public:
    /// Begins to look the host up and to connect. @param host  a name, an IPv4 or an IPv6 address (without brackets)
    TcpConnection(const std::string& host, std::uint16_t port);
    ~TcpConnection();
    TcpConnection(const TcpConnection&) = delete;
    TcpConnection& operator=(const TcpConnection&) = delete;

    enum class State { connecting, open, broken };
    /// Goes on connecting, or sends what waits; to be called every few ms.
    State proceed();

    /// Lets bytes wait for being sent.
    void send(std::span<const std::byte> bytes);
    void send(std::string_view text);
    [[nodiscard]] std::size_t waiting_bytes() const noexcept { return out_.size(); }

    /// Appends what has come in to `to`, as long as that has no more than `most` bytes. @returns false at the end of
    /// what the other side sends
    bool receive(std::string& to, std::size_t most);

    /// What went wrong, in words; "" while nothing did.
    [[nodiscard]] const std::string& why() const noexcept { return why_; }

private:
    struct Lookup;
    void try_next_address();
    void check_connecting();
    void break_off(std::string why);
    void flush();

    std::shared_ptr<Lookup> lookup_;  ///< shared with the thread that asks the name server
    std::size_t next_address_{0};
    int fd_{-1};
    State state_{State::connecting};
    std::string why_;
    std::deque<std::byte> out_;
};

}  // namespace crowdjack
