// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/live_suite.hpp"

#include "common/log.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr double look_period_s = 0.1;
constexpr double ask_period_s = 0.2;
constexpr double subscribe_period_s = 20.0;
constexpr double most_beats_off = 0.05;  ///< between a line and what it continues

std::string client_of_deck(char deck) { return std::string{"deck-"} + deck; }

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
    const double seconds = SuiteLink::seconds();
    return Now{clock_.at(seconds), seconds};
}

void LiveSuite::turn() {
    const double seconds = SuiteLink::seconds();
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
    }
}

// Who is there
// -------------------------------------------------------------------------------------------------------------

void LiveSuite::greet(const PeerInfo& peer) { link_.send(peer, OscMessage{"/subscribe"}); }

void LiveSuite::look_around() {
    const bool renew = SuiteLink::seconds() >= subscribed_s_ + subscribe_period_s;
    if (renew) {
        subscribed_s_ = SuiteLink::seconds();
    }
    const auto look = [&](std::optional<Client> before, const std::optional<PeerInfo>& peer) {
        const bool fresh = peer && (!before || before->pid != peer->pid || before->url != peer->url);
        if (peer && (fresh || renew)) {
            greet(*peer);
        }
        return std::pair{peer ? std::optional{Client{peer->url, peer->pid}} : std::nullopt, fresh};
    };
    for (const char letter : letters_) {
        const auto known = decks_.find(letter);
        const auto before = known == decks_.end() ? std::nullopt : std::optional{known->second};
        const auto [client, fresh] = look(before, link_.peer(client_of_deck(letter)));
        if (before && (fresh || !client)) {
            log_event(LogLevel::warning, fresh ? "deck-returned" : "deck-gone", {{"deck", client_of_deck(letter)}});
            player_.deck_gone(letter);
            decks_.erase(letter);
        }
        if (client) {
            decks_.insert_or_assign(letter, *client);
        }
    }
    const bool had_mixer = mixer_.has_value();
    const auto [mixer, mixer_fresh] = look(mixer_, link_.peer_of_kind("mixer-bus"));
    if (mixer) {
        mixer_ = mixer;
    }
    if (mixer_fresh && had_mixer && now()) {
        log_event(LogLevel::warning, "mixer-returned");
        player_.mixer_returned(*now());
    }
    follower_ = look(follower_, link_.peer_of_kind("bpm-follower")).first;
    door_ = look(door_, link_.peer_of_kind("session")).first;
}

void LiveSuite::ask() {
    for (const auto& [letter, client] : decks_) {
        link_.send(client_of_deck(letter), OscMessage{"/deck/state"});
    }
    if (const auto mixer = link_.peer_of_kind("mixer-bus"); mixer && !rate_known_) {
        link_.send(*mixer, OscMessage{"/mixer/state"});
    }
    if (const auto follower = link_.peer_of_kind("bpm-follower")) {
        link_.send(*follower, OscMessage{"/tempo/state"});
    }
}

// What they say
// ------------------------------------------------------------------------------------------------------------

void LiveSuite::hear() {
    const auto from_deck = [this](const std::string& address, std::function<void(char, const OscArguments&)> heard) {
        link_.on_message(address, [this, heard = std::move(heard)](const std::string& client, const OscArguments& a) {
            for (const auto& [letter, known] : decks_) {
                if (client == client_of_deck(letter)) {
                    heard(letter, a);
                    return;
                }
            }
        });
    };
    from_deck("/deck/state", [this](char deck, const OscArguments& a) { hear_deck(deck, a); });
    link_.on_message("/mixer/state", [this](const std::string&, const OscArguments& a) { learn_rate(a); });
    from_deck("/deck/started", [this](char deck, const OscArguments& a) {
        const auto frame = a.optional_frame(0, "frame");
        if (frame && clock_.known()) {
            player_.deck_started(deck, clock_.unwrapped(*frame, SuiteLink::seconds()));
        }
    });
    link_.on_message("/tempo/line", [this](const std::string& client, const OscArguments& a) { hear_line(client, a); });
    link_.on_message("/tempo/state", [this](const std::string&, const OscArguments& a) {
        if (a.size() >= 5 && a.text(4, "mode") != "stale") {
            player_.movement(SuiteLink::seconds(), a.number(3, "movement"));
        }
    });
    link_.on_answer([this](const SuiteLink::Answer& answer) { hear_answer(answer); });
}

void LiveSuite::hear_deck(char letter, const OscArguments& arguments) {
    const auto frame = arguments.optional_frame(2, "frame");
    if (arguments.size() < 4 || !frame) {
        return;
    }
    const double seconds = SuiteLink::seconds();
    if (clock_.hear(*frame, seconds) == SetClock::Heard::restarted) {
        log_event(LogLevel::warning, "server-restarted");
        player_.server_restarted({clock_.at(seconds), seconds});
    }
    if (!rate_known_) {
        return;
    }
    DeckReport report;
    report.state = parse_state(arguments.text(0, "state"));
    report.path = arguments.text(1, "path");
    report.frame = clock_.unwrapped(*frame, seconds);
    report.position_s = arguments.number(3, "position_s");
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
    const auto from = arguments.optional_frame(1, "f0");
    const auto to = arguments.optional_frame(4, "f1");
    if (!clock_.known() || !rate_known_ || !from || !to) {
        return;
    }
    const auto serial = static_cast<std::int32_t>(arguments.number(0, "serial"));
    const auto newer =
        static_cast<std::int32_t>(static_cast<std::uint32_t>(serial) - static_cast<std::uint32_t>(line_serial_));
    if (timeline_.has_line() && client == line_sender_ && newer <= 0) {
        return;
    }
    line_sender_ = client;
    line_serial_ = serial;
    const double seconds = SuiteLink::seconds();
    const JackFrame begin = clock_.unwrapped(*from, seconds);
    const Beats beat{arguments.number(2, "b0")};
    const bool continues = !timeline_.has_line() || std::abs(timeline_.at(begin).at - beat.value) < most_beats_off;
    timeline_.add(TempoLine{begin, beat, Bpm{arguments.number(3, "bpm0", 1.0, 1000.0)}, clock_.unwrapped(*to, seconds),
                            Bpm{arguments.number(5, "bpm1", 1.0, 1000.0)}, timeline_.rate()});
    if (!continues) {
        player_.beats_renumbered({clock_.at(seconds), seconds});
    }
}

void LiveSuite::hear_answer(const SuiteLink::Answer& answer) {
    if (!answer.client.starts_with("deck-")) {
        if (answer.error) {
            log_event(LogLevel::warning, "refused",
                      {{"client", answer.client}, {"command", answer.command}, {"why", answer.message}});
        }
        return;
    }
    const char deck = answer.client.back();
    if (!answer.error) {
        if (answer.command == "/deck/cue") {
            player_.deck_cued(deck);
        }
        return;
    }
    log_event(LogLevel::warning, "refused",
              {{"client", answer.client}, {"command", answer.command}, {"why", answer.message}});
    if (answer.command == "/deck/cue" && *answer.error == OscErrorCode::not_ready) {
        player_.deck_busy(deck);
    } else if (answer.command == "/deck/cue") {
        player_.deck_refused(deck, answer.message);
    } else if (answer.command == "/deck/start_beat" && asked_beats_.contains(deck)) {
        // It has not heard the line that we have.
        const auto section = player_.section_on(deck);
        start_at(deck, timeline_.frame_of({asked_beats_[deck].value}), section ? sections_[*section].start_s : 0.0);
    }
}

}  // namespace crowdjack
