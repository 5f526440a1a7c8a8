// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "session/api/deck_states.hpp"
#include "session/patch/connection.hpp"

#include <functional>
#include <string>
#include <vector>

namespace crowdjack {

/// A loop for when nothing else is heard: a spare deck fades it in when the mix is silent, and out again as soon as
/// another deck plays. Control thread only.
class FallbackMusic {
public:
    FallbackMusic(ClientShell& shell, DeckStates& decks);

    /// @param file  absolute; empty: there is no fallback
    /// @param connections  asked each time: the patch may be saved anew meanwhile
    void use(std::string file, std::function<std::vector<Connection>()> connections);

    /// The mix has been silent for long.
    void begin();
    /// The night is over: it fades out, if it plays.
    void give_way();
    [[nodiscard]] bool playing() const noexcept { return !deck_.empty(); }

private:
    void start_on(const std::string& deck);
    void send(std::vector<OscMessage> messages, const std::string& peer, std::function<void()> then);
    void look();
    void find_playing();
    void end(bool fade);
    void fail(const std::string& why);
    [[nodiscard]] std::string mixer();

    ClientShell& shell_;
    Peers& peers_;
    DeckStates& decks_;
    std::string file_;
    std::function<std::vector<Connection>()> connections_;
    std::string deck_;  ///< that plays it (or is about to); empty: none
    std::string strip_;
    bool sounds_{false};
    SessionTime sounds_since_{};
    bool ending_{false};
};

}  // namespace crowdjack
