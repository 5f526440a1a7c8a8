// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/log.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace crowdjack {

/// What every program of the suite understands.
struct CommonOptions {
    std::string server;               ///< JACK server name: --server, else $JACK_DEFAULT_SERVER, else "default"
    std::string client_name;          ///< JACK and registry name; empty: the program's default
    bool connect{false};              ///< patch to the mixer / the system outputs by itself
    bool resume{false};               ///< start from CLIENT.state
    std::string resume_from;          ///< start from this state file (JACK session), empty: don't
    std::uint16_t osc_port{0};        ///< 0: a free one
    bool osc_port_may_differ{false};  ///< a free one, too, when osc_port is taken
    std::string osc_bind{"127.0.0.1"};
    bool check_options{false};  ///< only say what these options make: client name and ports
    LogLevel log_level{LogLevel::info};
    std::vector<std::string> peers;  ///< NAME=URL of remote clients
};

}  // namespace crowdjack
