// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "common/protocol/deck_messages.hpp"
#include "session/session_clock.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace crowdjack {

/// What is known of one deck, from its events and answers.
struct DeckView {
    protocol::DeckStateMessage said;  ///< its state is "" before it said anything
    SessionTime seen{};               ///< when it last said so
    int cues_under_way{0};  ///< commands of the front door that are not answered yet: not ready before they are
};

/// Asks the decks of the server how they stand and remembers what each says. Control thread only.
class DeckStates {
public:
    explicit DeckStates(Peers& peers);

    void see_peers(const std::vector<PeerInfo>& peers);

    /// The view of that deck (plain name); an empty one when nothing is known.
    [[nodiscard]] const DeckView& view(const std::string& deck) const;
    [[nodiscard]] const std::map<std::string, DeckView>& views() const noexcept { return decks_; }
    [[nodiscard]] bool is_there(const std::string& deck) const { return decks_.contains(deck); }

    /// Hears of its changes for a while: somebody waits for them. (Not all the time: its state comes ten times a
    /// second.)
    void listen(const std::string& deck);

    /// Has it say its state now; `then` is called when it did, or when it is too late.
    void ask(const std::string& deck, const std::function<void()>& then = {});

    /// A cue of that deck began / was answered.
    void cue_began(const std::string& deck) { ++decks_[deck].cues_under_way; }
    void cue_ended(const std::string& deck);

    /// Called whenever something new is known of a deck.
    std::function<void(const std::string& deck)> changed;
    /// Called when a cue through the front door was answered.
    std::function<void(const std::string& deck)> cued;

private:
    void note_state(const std::string& deck, const OscArguments& arguments);

    Peers& peers_;
    std::map<std::string, DeckView> decks_;
    std::map<std::string, pid_t> pids_;
};

}  // namespace crowdjack
