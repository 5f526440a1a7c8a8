// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/guard/fallback_music.hpp"

#include "common/log.hpp"
#include "session/guard/spare_deck.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

namespace {

constexpr auto look_period = std::chrono::seconds{1};
constexpr double fade_in_s = 3.0;
constexpr double fade_out_s = 4.0;
constexpr auto faded_out = std::chrono::milliseconds{4300};
constexpr auto cue_patience = std::chrono::seconds{10};

}  // namespace

FallbackMusic::FallbackMusic(ClientShell& shell, PeerCalls& calls, DeckStates& decks)
    : shell_{shell}, calls_{calls}, decks_{decks} {}

void FallbackMusic::use(std::string file, std::function<std::vector<Connection>()> connections) {
    file_ = std::move(file);
    connections_ = std::move(connections);
    if (!file_.empty()) {
        shell_.loop().every(look_period, [this] { look(); });
    }
}

std::string FallbackMusic::mixer() {
    for (const PeerInfo& peer : shell_.peers().all()) {
        if (peer.kind == "mixer-bus") {
            return peer.name;
        }
    }
    return {};
}

void FallbackMusic::begin() {
    if (file_.empty() || playing() || mixer().empty()) {
        return;
    }
    std::map<std::string, std::string> states;
    for (const auto& [deck, view] : decks_.views()) {
        states[deck] = view.state;
    }
    const std::string deck = spare_deck(states);
    if (deck.empty()) {
        log_event(LogLevel::error, "fallback-not-played",
                  {{"why", "no deck is free for it"}, {"do", "list one more deck in the session file"}});
        return;
    }
    start_on(deck);
}

void FallbackMusic::start_on(const std::string& deck) {
    deck_ = deck;
    strip_ = strip_of_deck(deck, connections_());
    sounds_ = ending_ = false;
    log_event(LogLevel::warning, "fallback", {{"deck", deck}, {"strip", strip_}, {"file", file_}});
    std::vector<OscMessage> prepare;
    prepare.push_back(std::move(OscMessage{"/deck/follow"}.flag(false)));
    prepare.push_back(std::move(OscMessage{"/deck/cue"}.text(file_)));
    prepare.push_back(std::move(OscMessage{"/deck/loop"}.flag(true)));
    calls_.tell(mixer(), OscMessage{"/mixer/gain"}.text(strip_).real(0.0F));
    send(std::move(prepare), deck, [this] {
        std::vector<OscMessage> start;
        start.emplace_back("/deck/start");
        send(std::move(start), deck_, [this] {
            sounds_ = true;
            sounds_since_ = SessionClock::now();
            calls_.tell(mixer(), OscMessage{"/mixer/fade"}.text(strip_).real(1.0F).precise(fade_in_s));
        });
    });
}

/// One after the other, each when the one before is answered.
void FallbackMusic::send(std::vector<OscMessage> messages, const std::string& peer, std::function<void()> then) {
    if (messages.empty() || deck_ != peer) {
        if (deck_ == peer) {
            then();
        }
        return;
    }
    const OscMessage message = std::move(messages.front());
    messages.erase(messages.begin());
    const auto rest = std::make_shared<std::vector<OscMessage>>(std::move(messages));
    try {
        calls_.command(
            peer, message,
            [this, rest, peer, then = std::move(then)](const PeerAnswer& answer) {
                if (!answer.ok) {
                    fail(answer.message);
                    return;
                }
                send(std::move(*rest), peer, then);
            },
            cue_patience);
    } catch (const OscError& error) {
        fail(error.what());
    }
}

void FallbackMusic::fail(const std::string& why) {
    log_event(LogLevel::error, "fallback-not-played", {{"deck", deck_}, {"why", why}});
    end(false);
}

void FallbackMusic::look() {
    if (!playing()) {
        find_playing();
    }
    if (!playing() || ending_) {
        return;
    }
    bool another_plays = false;
    for (const auto& [deck, view] : decks_.views()) {
        another_plays = another_plays || (deck != deck_ && view.state == "playing");
        decks_.ask(deck);
    }
    const DeckView& own = decks_.view(deck_);
    if (sounds_ && own.seen > sounds_since_ && own.state == "playing" && own.path != file_) {
        log_event(LogLevel::info, "fallback-ended", {{"why", "somebody plays another track on its deck"}});
        deck_.clear();
    } else if (!decks_.is_there(deck_)) {
        deck_.clear();  // it died: a state file brings it back, or the next silence does
    } else if (another_plays) {
        end(true);
    }
}

/// A session before this one may have begun it.
void FallbackMusic::find_playing() {
    for (const auto& [deck, view] : decks_.views()) {
        if (view.state == "playing" && view.path == file_) {
            deck_ = deck;
            strip_ = strip_of_deck(deck, connections_());
            sounds_ = true;
            sounds_since_ = SessionClock::now();
            ending_ = false;
            return;
        }
    }
}

void FallbackMusic::end(bool fade) {
    ending_ = true;
    const std::string deck = deck_;
    const std::string strip = strip_;
    if (fade) {
        log_event(LogLevel::info, "fallback-ended", {{"why", "the set is back"}, {"deck", deck}});
        calls_.tell(mixer(), OscMessage{"/mixer/fade"}.text(strip).real(0.0F).precise(fade_out_s));
    }
    shell_.loop().after(fade ? faded_out : std::chrono::milliseconds{0}, [this, deck, strip] {
        if (deck_ != deck) {
            return;
        }
        deck_.clear();
        calls_.tell(deck, OscMessage{"/deck/eject"});
        calls_.tell(deck, OscMessage{"/deck/loop"}.flag(false));
        calls_.tell(deck, OscMessage{"/deck/follow"}.flag(true));
        calls_.tell(mixer(), OscMessage{"/mixer/gain"}.text(strip).real(1.0F));
    });
}

}  // namespace crowdjack
