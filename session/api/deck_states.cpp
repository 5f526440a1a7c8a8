// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/deck_states.hpp"

#include <algorithm>

namespace crowdjack {

namespace {

constexpr auto state_listening = std::chrono::seconds{10};

}  // namespace

DeckStates::DeckStates(Peers& peers) : peers_{peers} {
    peers_.on_event(at::deck_state,
                    [this](const PeerInfo& deck, const OscArguments& arguments) { note_state(deck.name, arguments); });
    // What these mean for the state, the deck itself says best.
    for (const char* event : {at::deck_ready, at::deck_started, at::deck_ended, at::deck_failed}) {
        peers_.on_event(event, [this](const PeerInfo& deck, const OscArguments&) { ask(deck.name); });
    }
}

void DeckStates::see_peers(const std::vector<PeerInfo>& peers) {
    std::map<std::string, pid_t> now;
    for (const PeerInfo& peer : peers) {
        if (peer.kind == "deck") {
            now[peer.name] = peer.pid;
        }
    }
    std::erase_if(decks_, [&now](const auto& deck) { return !now.contains(deck.first); });
    for (const auto& [deck, pid] : now) {
        const auto known = pids_.find(deck);
        if (known == pids_.end() || known->second != pid) {
            decks_[deck] = {};
            ask(deck);
        }
    }
    pids_ = std::move(now);
}

void DeckStates::listen(const std::string& deck) { peers_.subscribe(deck, state_listening); }

const DeckView& DeckStates::view(const std::string& deck) const {
    static const DeckView unknown;
    const auto found = decks_.find(deck);
    return found == decks_.end() ? unknown : found->second;
}

void DeckStates::ask(const std::string& deck, const std::function<void()>& then) {
    const auto heard = [this, deck, then](const PeerAnswer& answer) {
        if (answer.ok) {
            note_state(deck, answer.values);
        }
        if (then) {
            then();
        }
    };
    try {
        peers_.ask(deck, OscMessage{at::deck_state}, heard, std::chrono::seconds{1});
    } catch (const OscError&) {
        heard({});  // gone in between
    }
}

void DeckStates::cue_ended(const std::string& deck) {
    if (const auto found = decks_.find(deck); found != decks_.end()) {
        found->second.cues_under_way = std::max(0, found->second.cues_under_way - 1);
        ask(deck);
        if (cued) {
            cued(deck);
        }
    }
}

void DeckStates::note_state(const std::string& deck, const OscArguments& arguments) {
    const auto found = decks_.find(deck);
    if (found == decks_.end()) {
        return;
    }
    found->second.said = protocol::DeckStateMessage::read(arguments);
    found->second.seen = SessionClock::now();
    if (changed) {
        changed(deck);
    }
}

}  // namespace crowdjack
