// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/guard/fallback_music.hpp"
#include "session/guard/guard_commands.hpp"
#include "session/session_file.hpp"

#include <map>
#include <string>
#include <vector>

namespace crowdjack {

/// What [guard] of the session file asks for: commands and a fallback when the mix is silent, commands when a client
/// crashed and when the session is up. Control thread only.
class Guard {
public:
    Guard(ClientShell& shell, LogRelay& logs, PeerCalls& calls, DeckStates& decks, const SessionFile& session,
          std::function<std::vector<Connection>()> connections);

    void see_peers(const std::vector<PeerInfo>& peers);
    void started();
    void crashed(const std::string& client, const std::string& how, int starts);

    [[nodiscard]] bool silent() const noexcept { return silent_; }
    [[nodiscard]] bool fallback_plays() const noexcept { return fallback_.playing(); }

private:
    void subscribe();
    void fell_silent(double seconds);

    PeerCalls& calls_;
    GuardSpec spec_;
    GuardCommands commands_;
    FallbackMusic fallback_;
    std::map<std::string, pid_t> mixers_;
    bool silent_{false};
};

}  // namespace crowdjack
