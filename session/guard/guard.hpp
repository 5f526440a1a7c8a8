// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/guard/fallback_music.hpp"
#include "session/guard/guard_commands.hpp"
#include "session/session_file.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace crowdjack {

/// What [guard] of the session file asks for: commands and a fallback when the mix is silent, commands when a client
/// crashed and when the session is up. Control thread only.
class Guard {
public:
    /// What it asks each time.
    struct Questions {
        std::function<std::vector<Connection>()> connections;  ///< the patch may be saved anew meanwhile
        std::function<bool()> closed;                          ///< nobody expects to hear anything
    };

    Guard(ClientShell& shell, LogRelay& logs, DeckStates& decks, const SessionFile& session, Questions questions);

    void see_peers(const std::vector<PeerInfo>& peers);
    void started();
    void crashed(const std::string& client, const std::string& how, int starts);

    /// For too long, and nobody means it.
    [[nodiscard]] bool silent() const noexcept { return alarmed_; }
    [[nodiscard]] bool fallback_plays() const noexcept { return fallback_.playing(); }

private:
    void look();
    void alarm();

    Peers& peers_;
    GuardSpec spec_;
    GuardCommands commands_;
    FallbackMusic fallback_;
    std::function<bool()> closed_;
    bool silent_{false};  ///< the mixer says so
    bool alarmed_{false};
    double seconds_{};          ///< of silence that the mixer waits for
    SessionTime not_before_{};  ///< a set that opens may be silent until then
    SessionTime fallback_again_at_{};
};

}  // namespace crowdjack
