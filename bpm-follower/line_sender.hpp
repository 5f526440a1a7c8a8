// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/announced_lines.hpp"
#include "bpm-follower/lead_time.hpp"
#include "common/client_shell.hpp"

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
    struct Peer {
        std::string name, url;
        OscEndpoint endpoint;
        bool deck{false};
        std::optional<std::chrono::steady_clock::time_point> asked;
    };

    /// Takes the registry's word for who is there. @returns those that are new
    std::vector<Peer> refresh();
    void send_lines_to(const OscEndpoint& endpoint);
    void hear_health(const OscRequest& request);

    ClientShell& shell_;
    const AnnouncedLines& announced_;
    std::vector<OscEndpoint> receivers_;
    std::map<std::string, Peer> peers_;  ///< by name
    LeadTime lead_time_;
};

/// Reads a `/tempo/line` that came from elsewhere.
/// @throws OscError{bad_arguments}
[[nodiscard]] AnnouncedLine read_line(const OscArguments& arguments, JackFrame now, double rate);

}  // namespace crowdjack
