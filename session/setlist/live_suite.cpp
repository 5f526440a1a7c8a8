// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/live_suite.hpp"

#include "common/deck_names.hpp"
#include "common/log.hpp"
#include "common/protocol/deck_messages.hpp"
#include "common/protocol/named_values.hpp"
#include "common/protocol/tempo_line_message.hpp"
#include "common/protocol/tempo_messages.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr double look_period_s = 0.1;
constexpr double ask_period_s = 0.2;
constexpr auto answer_patience = std::chrono::seconds{1};
constexpr auto command_patience = std::chrono::seconds{60};  ///< a cue opens a file
constexpr double most_beats_off = 0.05;                      ///< between a line and what it continues

DeckReport::State parse_state(std::string_view text) {
    using State = DeckReport::State;
    constexpr std::array<std::pair<std::string_view, State>, 6> states{{{"empty", State::empty},
                                                                        {"cued", State::cued},
                                                                        {"waiting", State::waiting},
                                                                        {"playing", State::playing},
                                                                        {"stopped", State::stopped},
                                                                        {"failed", State::failed}}};
    const auto* const found =
        std::find_if(states.begin(), states.end(), [text](const auto& s) { return s.first == text; });
    return found == states.end() ? State::empty : found->second;
}

}  // namespace

LiveSuite::LiveSuite(SuiteLink& link, const std::vector<Section>& sections, SetPlayer::Settings settings,
                     PlayedLog* log)
    : link_{link},
      sections_{sections},
      letters_{settings.decks},
      log_{log},
      loudness_{link.loop(), [this](std::size_t section, const Measured& found) { player_.measured(section, found); }},
      player_{sections, std::move(settings), timeline_, *this} {
    hear();
}

std::optional<Now> LiveSuite::now() const {
    if (!clock_.known() || !rate_known_) {
        return std::nullopt;
    }
    const double seconds = steady_seconds();
    return Now{clock_.at(seconds), seconds};
}

void LiveSuite::turn() {
    const double seconds = steady_seconds();
    if (seconds >= looked_s_ + look_period_s) {
        looked_s_ = seconds;
        look_around();
    }
    if (seconds >= asked_s_ + ask_period_s) {
        asked_s_ = seconds;
        ask();
    }
    if (const auto present = now()) {
        player_.tick(*present);
        tell_title();
        if (std::exchange(paused_, player_.paused()) != paused_) {
            log_event(LogLevel::info, paused_ ? "paused" : "goes-on");
            link_.osc().publish(OscMessage{at::setlist_paused}.flag(paused_));
        }
    }
}

// Who is there
// -------------------------------------------------------------------------------------------------------------

void LiveSuite::look_around() {
    Peers& peers = link_.peers();
    const auto look = [&peers](const std::optional<Client>& before, const std::optional<PeerInfo>& peer) {
        if (peer) {
            peers.subscribe(peer->client);
        }
        const bool fresh = peer && (!before || before->pid != peer->pid || before->url != peer->url);
        return std::pair{peer ? std::optional{Client{peer->url, peer->pid}} : std::nullopt, fresh};
    };
    for (const char letter : letters_) {
        const auto known = decks_.find(letter);
        const auto before = known == decks_.end() ? std::nullopt : std::optional{known->second};
        const auto [client, fresh] = look(before, peers.find(deck_client(letter)));
        if (before && (fresh || !client)) {
            log_event(LogLevel::warning, fresh ? "deck-returned" : "deck-gone", {{"deck", deck_client(letter)}});
            player_.deck_gone(letter);
            decks_.erase(letter);
        }
        if (client) {
            decks_.insert_or_assign(letter, *client);
        }
    }
    const bool had_mixer = mixer_.has_value();
    const auto [mixer, mixer_fresh] = look(mixer_, peers.of_kind("mixer-bus"));
    if (mixer) {
        mixer_ = mixer;
    }
    if (mixer_fresh && had_mixer && now()) {
        log_event(LogLevel::warning, "mixer-returned");
        player_.mixer_returned(*now());
        told_.reset();
    }
    (void)look({}, peers.of_kind("bpm-follower"));
    (void)look({}, peers.of_kind("session"));
}

void LiveSuite::ask() {
    for (const auto& [letter, client] : decks_) {
        question(deck_client(letter), OscMessage{at::deck_state},
                 [this, deck = letter](const PeerAnswer& answer) { hear_deck(deck, answer.values); });
    }
    if (const auto mixer = link_.peers().of_kind("mixer-bus"); mixer && !rate_known_) {
        question(mixer->client, OscMessage{at::mixer_state},
                 [this](const PeerAnswer& answer) { learn_rate(answer.values); });
    }
    if (const auto follower = link_.peers().of_kind("bpm-follower")) {
        question(follower->client, OscMessage{at::tempo_state}, [this](const PeerAnswer& answer) {
            const auto tempo = protocol::TempoStateMessage::read(answer.values);
            if (tempo.mode != "stale") {
                player_.movement(steady_seconds(), tempo.movement);
            }
        });
    }
}

void LiveSuite::question(const std::string& client, const OscMessage& message, const Peers::Done& answered) {
    const auto heard = [answered](const PeerAnswer& answer) {
        if (answer.ok) {
            answered(answer);
        }
    };
    try {
        link_.peers().ask(client, message, heard, answer_patience);
    } catch (const OscError&) {
        return;  // gone in between: look_around() will notice
    }
}

void LiveSuite::command(const std::string& client, const OscMessage& message, const Peers::Done& answered) {
    const auto heard = [answered, client, address = message.address()](const PeerAnswer& answer) {
        if (!answer.ok) {
            log_event(LogLevel::warning, "refused",
                      {{"client", client}, {"command", address}, {"why", answer.message}});
        }
        if (answered) {
            answered(answer);
        }
    };
    try {
        link_.peers().ask(client, message, heard, command_patience);
    } catch (const OscError& error) {
        log_event(LogLevel::warning, "not-sent",
                  {{"client", client}, {"command", message.address()}, {"why", error.what()}});
    }
}

// What they say
// ------------------------------------------------------------------------------------------------------------

void LiveSuite::hear() {
    const auto from_deck = [this](const char* address, std::function<void(char, const OscArguments&)> heard) {
        link_.peers().on_event(address, [this, heard = std::move(heard)](const PeerInfo& peer, const OscArguments& a) {
            for (const auto& [letter, known] : decks_) {
                if (peer.client == deck_client(letter)) {
                    heard(letter, a);
                    return;
                }
            }
        });
    };
    from_deck(at::deck_state, [this](char deck, const OscArguments& a) { hear_deck(deck, a); });
    from_deck(at::deck_started, [this](char deck, const OscArguments& a) {
        if (clock_.known()) {
            player_.deck_started(deck, clock_.unwrapped(a.frame(0, "frame"), steady_seconds()));
        }
    });
    link_.peers().on_event(at::tempo_line,
                           [this](const PeerInfo& peer, const OscArguments& a) { hear_line(peer.client, a); });
}

void LiveSuite::hear_deck(char letter, const OscArguments& arguments) {
    const auto said = protocol::DeckStateMessage::read(arguments);
    const double seconds = steady_seconds();
    if (clock_.hear(said.frame, seconds) == SetClock::Heard::restarted) {
        log_event(LogLevel::warning, "server-restarted");
        player_.server_restarted({clock_.at(seconds), seconds});
    }
    if (!rate_known_) {
        return;
    }
    DeckReport report;
    report.state = parse_state(said.state);
    report.path = said.path;
    report.frame = clock_.unwrapped(said.frame, seconds);
    report.position_s = said.position_s;
    player_.deck_report(letter, report, {clock_.at(seconds), seconds});
}

void LiveSuite::learn_rate(const OscArguments& pairs) {
    if (const auto rate = named_number(named_values(pairs), "rate"); rate && *rate > 0.0) {
        clock_.rate(*rate);
        timeline_.rate(*rate);
        rate_known_ = true;
    }
}

void LiveSuite::hear_line(const std::string& client, const OscArguments& arguments) {
    if (!clock_.known() || !rate_known_) {
        return;
    }
    const auto line = protocol::TempoLineMessage::read(arguments);
    const auto newer =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(line.serial) - static_cast<std::uint32_t>(line_serial_));
    if (timeline_.has_line() && client == line_sender_ && newer <= 0) {
        return;
    }
    line_sender_ = client;
    line_serial_ = line.serial;
    const double seconds = steady_seconds();
    const JackFrame begin = clock_.unwrapped(line.from, seconds);
    const bool continues = !timeline_.has_line() || std::abs(timeline_.at(begin).at - line.beat.value) < most_beats_off;
    timeline_.add(line.line_from(begin, timeline_.rate()));
    if (!continues) {
        player_.beats_renumbered({clock_.at(seconds), seconds});
    }
}

}  // namespace crowdjack
