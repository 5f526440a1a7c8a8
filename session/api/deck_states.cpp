// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/deck_states.hpp"

#include <algorithm>
#include <array>

namespace crowdjack {

namespace {

constexpr auto subscription = std::chrono::seconds{60};
constexpr auto renewal = std::chrono::seconds{20};

}  // namespace

DeckStates::DeckStates(ClientShell& shell, PeerCalls& calls) : shell_{shell}, calls_{calls} {
    calls_.on_event("/deck/state",
                    [this](const std::string& deck, const OscArguments& arguments) { note_state(deck, arguments); });
    // What these mean for the state, the deck itself says best.
    for (const char* event : {"/deck/ready", "/deck/started", "/deck/ended", "/deck/failed"}) {
        calls_.on_event(event, [this](const std::string& deck, const OscArguments&) { ask(deck); });
    }
    calls_.on_event("/deck/starved", [](const std::string&, const OscArguments&) {});
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
            listened_.erase(deck);
            ask(deck);
        }
    }
    pids_ = std::move(now);
}

void DeckStates::listen(const std::string& deck) {
    const SessionTime now = SessionClock::now();
    const auto since = listened_.find(deck);
    if (since != listened_.end() && now - since->second < subscription - renewal) {
        return;
    }
    try {
        calls_.command(deck, OscMessage{"/subscribe"}, [](const PeerAnswer&) {});
        listened_[deck] = now;
    } catch (const OscError&) {
        // Gone in between: see_peers() will be told.
    }
}

const DeckView& DeckStates::view(const std::string& deck) const {
    static const DeckView unknown;
    const auto found = decks_.find(deck);
    return found == decks_.end() ? unknown : found->second;
}

void DeckStates::ask(const std::string& deck, const std::function<void()>& then) {
    try {
        calls_.ask(deck, OscMessage{"/deck/state"}, [then](const PeerAnswer&) {
            if (then) {
                then();
            }
        });
    } catch (const OscError&) {
        if (then) {
            then();
        }
    }
}

void DeckStates::cue_ended(const std::string& deck) {
    if (const auto found = decks_.find(deck); found != decks_.end()) {
        found->second.cues_under_way = std::max(0, found->second.cues_under_way - 1);
        ask(deck);
    }
}

void DeckStates::note_state(const std::string& deck, const OscArguments& arguments) {
    const auto found = decks_.find(deck);
    if (found == decks_.end()) {
        return;
    }
    DeckView& view = found->second;
    view.state = arguments.text(0, "state");
    view.path = arguments.text(1, "path");
    view.position_s = arguments.number(3, "position");
    view.length_s = arguments.number(4, "length");
    view.rate = arguments.number(5, "rate");
    view.track_bpm = arguments.number(6, "track_bpm");
    view.seen = SessionClock::now();
    if (changed) {
        changed(deck);
    }
}

}  // namespace crowdjack
