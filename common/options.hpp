// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/command_line.hpp"
#include "common/log.hpp"
#include "common/nearest_name.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
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
    LogLevel log_level{LogLevel::info};
    std::vector<std::string> peers;  ///< NAME=URL of remote clients
};

/// The command line of a JACK client: the options of every program, those of every client, and its own.
class CommandLine : public PlainCommandLine {
public:
    /// @param program  e.g. crowdjack-deck; @param summary  one line for --help
    /// @param default_osc_port  0 but for the follower (57122) and the front door (57120)
    CommandLine(std::string program, std::string summary, std::uint16_t default_osc_port = 0);

    /// @returns nothing when --help or --version was answered: main returns 0
    /// @throws UsageError
    [[nodiscard]] std::optional<CommonOptions> parse(int argc, const char* const* argv);
};

}  // namespace crowdjack
