// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/limb_eq.hpp"
#include "common/client_shell.hpp"

#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// Sends the crowd's EQ to the mixer's strips, when it changed. Control thread only.
class EqSender {
public:
    EqSender(ClientShell& shell, double floor_percent) : shell_{shell}, eq_{floor_percent} {}

    void hear(const TraceEvent& event, double now_s) { eq_.hear(event, now_s); }
    /// To be called some ten times a second.
    void tick(double now_s);
    /// Leaves the strips flat: nobody else would.
    void flatten();

private:
    struct Sent {
        std::string mixer_url;
        std::vector<std::string> strips;
        LimbEq::Percents percents;
    };

    /// The strips a crowd may colour: those of the decks that are there, else all four.
    [[nodiscard]] std::vector<std::string> strips();
    void send(const LimbEq::Percents& percents, bool anyway);

    ClientShell& shell_;
    LimbEq eq_;
    std::optional<Sent> sent_;
};

}  // namespace crowdjack
