// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "common/osc_endpoint.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace crowdjack {

/// Says in the log what was refused: for each sender, address and reason at most one line a second, and then how many
/// there were. Whoever floods the port does not flood the log: at most 20 lines a second in all. Control thread only.
class OscRefusals {
public:
    explicit OscRefusals(ControlLoop& loop) : loop_{loop} {}
    ~OscRefusals();
    OscRefusals(const OscRefusals&) = delete;
    OscRefusals& operator=(const OscRefusals&) = delete;

    /// @param address  as received; empty when it can't be read
    void note(const OscEndpoint& sender, std::string_view address, std::string_view reason);

    /// Once for each host: its clock and ours differ.
    void note_clock(const OscEndpoint& sender, double seconds_ahead);

private:
    struct Kind {
        std::string sender, address, reason;
        std::uint64_t unsaid{};
    };

    static void say(const Kind& kind, std::uint64_t more);
    void say_rest();

    ControlLoop& loop_;
    std::map<std::string, Kind> recent_;  ///< said or counted within this second
    int lines_left_{0};
    std::uint64_t unsaid_kinds_{0};  ///< refusals that the limit on all lines kept out
    std::set<std::uint32_t> clocks_said_;
    std::optional<ControlLoop::TimerId> second_;
};

}  // namespace crowdjack
