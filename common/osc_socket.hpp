// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "common/osc_endpoint.hpp"
#include "common/osc_message.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace crowdjack {

/// One UDP socket on the control loop. Control thread only.
class OscSocket {
public:
    using Received = std::function<void(const OscEndpoint& from, const char* data, std::size_t size)>;

    /// @param bind_address  numeric IPv4
    /// @param port  0 takes a free one
    /// @throws Failure naming the port that could not be bound, UsageError for an address that is none
    OscSocket(ControlLoop& loop, const std::string& bind_address, std::uint16_t port, Received received);
    ~OscSocket();
    OscSocket(const OscSocket&) = delete;
    OscSocket& operator=(const OscSocket&) = delete;

    /// A lost datagram is a designed case: lines and states are repeated, commands are answered.
    void send(const OscEndpoint& to, const OscMessage& message) const;

    /// Where it listens; the loopback's address when it listens everywhere.
    [[nodiscard]] OscEndpoint endpoint() const;

private:
    void receive();

    ControlLoop& loop_;
    int fd_;
    Received received_;
};

}  // namespace crowdjack
