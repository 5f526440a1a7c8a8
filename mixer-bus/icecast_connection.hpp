// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/http.hpp"
#include "mixer-bus/stream_target.hpp"
#include "mixer-bus/tcp_connection.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace crowdjack {

/// One source connection to an Icecast server (HTTP PUT, as Icecast 2.4 and later have it). No call blocks or takes
/// more than its share of what the server sends; libshout, which this replaces, reads inside one call for as long as
/// something comes. One thread (a worker's).
class IcecastConnection {
public:
    /// Begins to connect.
    IcecastConnection(const StreamTarget& target, StreamFormat format, const Station& station, int rate);

    enum class Progress { connecting, connected, failed };
    /// Goes on connecting; to be called every few ms until it is no longer `connecting`.
    Progress proceed();

    /// Hands bytes over, or none to go on sending. @returns false when the connection is lost (why() says more)
    bool send(std::span<const std::byte> bytes);
    /// Bytes handed over that the network has not taken yet.
    [[nodiscard]] std::size_t waiting_bytes() const noexcept { return connection_.waiting_bytes(); }

    /// What went wrong, without secrets.
    [[nodiscard]] std::string why() const;
    /// True when the server answered and said no: trying the same again is pointless.
    [[nodiscard]] bool refused() const noexcept { return refused_; }

private:
    Progress judge(const HttpHead& head);
    Progress fail(std::string why);

    std::string shown_;
    TcpConnection connection_;
    std::string received_;
    std::string why_;
    Progress progress_{Progress::connecting};
    bool refused_{false};
};

}  // namespace crowdjack
