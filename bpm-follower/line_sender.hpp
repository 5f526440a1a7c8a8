// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/announced_lines.hpp"
#include "bpm-follower/lead_time.hpp"
#include "common/client_shell.hpp"
#include "common/protocol/named_values.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// Carries the tempo line to every deck, the mixer, the subscribers and the --send-to receivers, and hears from the
/// decks how far ahead it must be. Control thread only.
class LineSender {
public:
    /// @param announced  the lines; outlives this
    LineSender(ClientShell& shell, const AnnouncedLines& announced, std::vector<OscEndpoint> receivers);

    /// Sends all lines that matter to everybody.
    void send_lines();
    /// Sends `/audio/bpm` to subscribers and receivers.
    void send_bpm(Bpm bpm);
    /// Greets whoever entered the registry since the last look with the lines.
    void greet_newcomers();
    /// Asks the decks for their stretch reserve; their answers set lead().
    void ask_decks();
    [[nodiscard]] Frames lead() const;

    /// Asks every deck for the lines it holds (`/tempo/line` without arguments).
    /// @returns how many were asked
    std::size_t ask_for_lines();

    [[nodiscard]] static OscMessage message_of(const AnnouncedLine& line);

private:
    /// The decks and the mixer.
    [[nodiscard]] std::vector<PeerInfo> hearers();
    /// Takes the registry's word for who is there. @returns those that are new
    std::vector<PeerInfo> refresh();
    void hear_health(const std::string& deck, double round_trip_s, const NamedValues& health);

    ClientShell& shell_;
    const AnnouncedLines& announced_;
    std::vector<OscEndpoint> receivers_;
    std::map<std::string, std::string> known_;  ///< who was there at the last look: name → URL
    LeadTime lead_time_;
};

/// Reads a `/tempo/line` that came from elsewhere.
/// @throws OscError{bad_arguments}
[[nodiscard]] AnnouncedLine read_line(const OscArguments& arguments, JackFrame now, double rate);

}  // namespace crowdjack
