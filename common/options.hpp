// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/command_line.hpp"
#include "common/common_options.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace crowdjack {

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
