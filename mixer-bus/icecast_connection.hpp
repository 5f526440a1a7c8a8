// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/stream_target.hpp"

#include <shout/shout.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace crowdjack {

/// One source connection to an Icecast server that never blocks for long. One thread (a worker's).
class IcecastConnection {
public:
    /// Begins to connect. @throws Failure when the target makes no sense to libshout
    IcecastConnection(const StreamTarget& target, StreamFormat format);
    ~IcecastConnection();
    IcecastConnection(const IcecastConnection&) = delete;
    IcecastConnection& operator=(const IcecastConnection&) = delete;

    enum class Progress { connecting, connected, failed };
    /// Goes on connecting; to be called every few ms until it is no longer `connecting`.
    Progress proceed();

    /// Hands bytes over. @returns false when the connection is lost (why() says more)
    bool send(std::span<const std::byte> bytes);
    /// Bytes handed over that the network has not taken yet. Negative when the connection is lost.
    [[nodiscard]] std::ptrdiff_t waiting_bytes() const noexcept;

    /// What went wrong, without secrets.
    [[nodiscard]] std::string why() const;
    /// True when the server answered and said no: trying the same again is pointless.
    [[nodiscard]] bool refused() const noexcept { return refused_; }

private:
    Progress judge(int code);

    struct Free {
        void operator()(shout_t* shout) const noexcept {
            shout_close(shout);
            shout_free(shout);
        }
    };
    std::unique_ptr<shout_t, Free> shout_;
    std::string shown_;
    std::string why_;
    bool connected_{false};  ///< the server took sound once
    bool refused_{false};
};

}  // namespace crowdjack
