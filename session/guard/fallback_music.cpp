// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/guard/fallback_music.hpp"

#include "common/log.hpp"
#include "common/protocol/deck_messages.hpp"
#include "common/protocol/mixer_messages.hpp"
#include "session/guard/spare_deck.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

namespace {

constexpr auto fallback_look_period = std::chrono::seconds{1};
constexpr double fade_in_s = 3.0;
constexpr double fade_out_s = 4.0;
constexpr auto faded_out = std::chrono::milliseconds{4300};
constexpr auto cue_patience = std::chrono::seconds{10};

}  // namespace

FallbackMusic::FallbackMusic(ClientShell& shell, DeckStates& decks)
    : shell_{shell}, peers_{shell.peers()}, decks_{decks} {}

void FallbackMusic::use(std::string file, std::function<std::vector<Connection>()> connections) {
    file_ = std::move(file);
    connections_ = std::move(connections);
    if (!file_.empty()) {
        shell_.loop().every(fallback_look_period, [this] { look(); });
    }
}

std::string FallbackMusic::mixer() {
    const auto found = peers_.of_kind("mixer-bus");
    return found ? found->name : std::string{};
}

void FallbackMusic::begin() {
    if (file_.empty() || playing() || mixer().empty()) {
        return;
    }
    std::map<std::string, std::string> states;
    for (const auto& [deck, view] : decks_.views()) {
        states[deck] = view.said.state;
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
    prepare.push_back(OscMessage{at::deck_follow}.flag(false));
    prepare.push_back(protocol::DeckCue{file_}.write());
    prepare.push_back(OscMessage{at::deck_loop}.flag(true));
    peers_.tell(mixer(), protocol::MixerGain{strip_, 0.0F}.write(at::mixer_gain));
    send(std::move(prepare), deck, [this] {
        std::vector<OscMessage> start;
        start.push_back(protocol::DeckStart{}.write());
        send(std::move(start), deck_, [this] {
            sounds_ = true;
            sounds_since_ = SessionClock::now();
            peers_.tell(mixer(), protocol::MixerFade{strip_, 1.0F, fade_in_s}.write());
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
        peers_.ask(
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
        another_plays = another_plays || (deck != deck_ && view.said.state == "playing");
        decks_.ask(deck);
    }
    const DeckView& own = decks_.view(deck_);
    if (sounds_ && own.seen > sounds_since_ && own.said.state == "playing" && own.said.path != file_) {
        log_event(LogLevel::info, "fallback-ended", {{"why", "somebody plays another track on its deck"}});
        deck_.clear();
    } else if (!decks_.is_there(deck_)) {
        deck_.clear();  // it died: a state file brings it back, or the next silence does
    } else if (another_plays) {
        end(true);
    }
}

void FallbackMusic::give_way() {
    if (playing() && !ending_) {
        end(true);
    }
}

/// A session before this one may have begun it.
void FallbackMusic::find_playing() {
    for (const auto& [deck, view] : decks_.views()) {
        if (view.said.state == "playing" && view.said.path == file_) {
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
        peers_.tell(mixer(), protocol::MixerFade{strip, 0.0F, fade_out_s}.write());
    }
    shell_.loop().after(fade ? faded_out : std::chrono::milliseconds{0}, [this, deck, strip] {
        if (deck_ != deck) {
            return;
        }
        deck_.clear();
        peers_.tell(deck, OscMessage{at::deck_eject});
        peers_.tell(deck, OscMessage{at::deck_loop}.flag(false));
        peers_.tell(deck, OscMessage{at::deck_follow}.flag(true));
        peers_.tell(mixer(), protocol::MixerGain{strip, 1.0F}.write(at::mixer_gain));
    });
}

}  // namespace crowdjack
