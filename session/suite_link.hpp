// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/common_options.hpp"
#include "common/control_loop.hpp"
#include "common/osc_server.hpp"
#include "common/peers.hpp"
#include "session/session_clock.hpp"

#include <string>

namespace crowdjack {

/// What a process needs to speak with the suite of one server that is no JACK client itself: setlist, status, tune,
/// send. Control thread only.
class SuiteLink {
public:
    explicit SuiteLink(const CommonOptions& options)
        : server_{options.server},
          osc_{loop_, options.osc_bind, {options.osc_port}},
          peers_{loop_, osc_, options.osc_bind, options.server, options.peers} {}

    [[nodiscard]] ControlLoop& loop() noexcept { return loop_; }
    [[nodiscard]] OscServer& osc() noexcept { return osc_; }
    [[nodiscard]] Peers& peers() noexcept { return peers_; }
    [[nodiscard]] const std::string& server() const noexcept { return server_; }

private:
    std::string server_;
    ControlLoop loop_;
    OscServer osc_;
    Peers peers_;
};

}  // namespace crowdjack
