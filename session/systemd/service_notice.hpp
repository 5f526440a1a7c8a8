// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace crowdjack {

/// Tells systemd how the service is, as sd_notify(3) has it: one datagram to $NOTIFY_SOCKET. Without that variable
/// every call does nothing. The variables are taken out of our environment, so that no child speaks for us.
class ServiceNotice {
public:
    ServiceNotice();

    [[nodiscard]] bool asked_for() const noexcept { return !socket_.empty(); }
    /// A watchdog's sign of life is due this often at least; nothing when none watches.
    [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog() const noexcept { return watchdog_; }

    /// Sends signs of life from `loop`, twice as often as is asked for: they stop when the loop does.
    void keep_alive(ControlLoop& loop) const;

    /// @param state  e.g. "READY=1" or "STATUS=…"; never blocks
    void say(const std::string& state) const;

private:
    std::string socket_;
    std::optional<std::chrono::milliseconds> watchdog_;
};

}  // namespace crowdjack
