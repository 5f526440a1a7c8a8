// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "session/api/deck_states.hpp"
#include "session/api/peer_calls.hpp"
#include "session/session_file.hpp"

#include <functional>
#include <string>
#include <vector>

namespace crowdjack {

/// The strip of the mixer that `deck` is patched into, by the listed connections; its letter where none is.
[[nodiscard]] std::string strip_of_deck(const std::string& deck, const std::vector<Connection>& connections);

/// The deck that can play the fallback without taking one from the set: the last that is empty or failed, else the last
/// that has stopped; "" when all are busy. @param states  deck → its state
[[nodiscard]] std::string spare_deck(const std::map<std::string, std::string>& states);

/// A loop for when nothing else is heard: a spare deck fades it in when the mix is silent, and out again as soon as
/// another deck plays. Control thread only.
class FallbackMusic {
public:
    FallbackMusic(ClientShell& shell, PeerCalls& calls, DeckStates& decks);

    /// @param file  absolute; empty: there is no fallback
    /// @param connections  asked each time: the patch may be saved anew meanwhile
    void use(std::string file, std::function<std::vector<Connection>()> connections);

    /// The mix has been silent for long.
    void begin();
    [[nodiscard]] bool playing() const noexcept { return !deck_.empty(); }

private:
    void start_on(const std::string& deck);
    void send(std::vector<OscMessage> messages, const std::string& peer, std::function<void()> then);
    void look();
    void end(bool fade);
    void fail(const std::string& why);
    [[nodiscard]] std::string mixer();

    ClientShell& shell_;
    PeerCalls& calls_;
    DeckStates& decks_;
    std::string file_;
    std::function<std::vector<Connection>()> connections_;
    std::string deck_;  ///< that plays it (or is about to); empty: none
    std::string strip_;
    bool sounds_{false};
    bool ending_{false};
};

}  // namespace crowdjack
