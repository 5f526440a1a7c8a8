// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace crowdjack::test {

/// Somebody who has the page open: a WebSocket on its feed that counts what comes. One that is stalled connects, and
/// then reads nothing any more.
class WebViewer {
public:
    /// @throws std::runtime_error when the page does not let it in
    WebViewer(int port, bool stalled);
    ~WebViewer();
    WebViewer(const WebViewer&) = delete;
    WebViewer& operator=(const WebViewer&) = delete;

    [[nodiscard]] int socket() const noexcept { return socket_; }
    [[nodiscard]] bool stalled() const noexcept { return stalled_; }
    /// Takes what has come, and answers pings. False when the page has hung up.
    [[nodiscard]] bool read();

    [[nodiscard]] std::size_t updates() const noexcept { return updates_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    void take_frames();

    int socket_{-1};
    bool stalled_;
    std::vector<unsigned char> waiting_;  ///< begins with a frame's head
    std::size_t updates_{0}, bytes_{0};
};

}  // namespace crowdjack::test
