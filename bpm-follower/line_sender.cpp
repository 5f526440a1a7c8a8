// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/line_sender.hpp"

#include "common/log.hpp"
#include "common/protocol/tempo_line_message.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace crowdjack {

namespace {

/// How much finished output a stretching deck holds, and how much it wants to hold.
constexpr std::array<std::string_view, 2> reserve_keys{"stretch_reserve_frames", "stretch_target_frames"};
constexpr std::string_view late_lines_key = "late_lines";

}  // namespace

AnnouncedLine read_line(const OscArguments& arguments, JackFrame now, double rate) {
    const auto message = protocol::TempoLineMessage::read(arguments);
    return {message.serial, message.line(now, rate)};
}

LineSender::LineSender(ClientShell& shell, const AnnouncedLines& announced, std::vector<OscEndpoint> receivers)
    : shell_{shell}, announced_{announced}, receivers_{std::move(receivers)} {
    shell_.osc().on_subscribe([this](const OscEndpoint& endpoint) {
        for (const auto& line : announced_.lines()) {
            shell_.osc().send(endpoint, message_of(line));
        }
    });
}

OscMessage LineSender::message_of(const AnnouncedLine& line) {
    return protocol::TempoLineMessage::of(line.serial, line.line).write();
}

void LineSender::send_lines() {
    const auto peers = hearers();
    for (const auto& line : announced_.lines()) {
        const auto message = message_of(line);
        for (const auto& peer : peers) {
            shell_.peers().tell(peer, message);
        }
        for (const auto& receiver : receivers_) {
            shell_.osc().send(receiver, message);
        }
        shell_.osc().publish(message);
    }
}

void LineSender::send_bpm(Bpm bpm) {
    OscMessage message{at::audio_bpm};
    message.real(static_cast<float>(bpm.value));
    for (const auto& receiver : receivers_) {
        shell_.osc().send(receiver, message);
    }
    shell_.osc().publish(message);
}

std::vector<PeerInfo> LineSender::hearers() {
    auto peers = shell_.peers().all();
    std::erase_if(peers, [](const PeerInfo& peer) { return peer.kind != "deck" && peer.kind != "mixer-bus"; });
    return peers;
}

std::vector<PeerInfo> LineSender::refresh() {
    std::map<std::string, std::string> present;
    std::vector<PeerInfo> fresh;
    for (const auto& peer : hearers()) {
        present[peer.client] = peer.url;
        const auto before = known_.find(peer.client);
        if (before == known_.end() || before->second != peer.url) {
            fresh.push_back(peer);
        }
    }
    for (const auto& [name, url] : known_) {
        if (!present.contains(name)) {
            lead_time_.forget(name);
        }
    }
    known_ = std::move(present);
    return fresh;
}

void LineSender::greet_newcomers() {
    for (const auto& peer : refresh()) {
        for (const auto& line : announced_.lines()) {
            shell_.peers().tell(peer, message_of(line));
        }
        if (peer.kind == "deck") {
            lead_time_.forget(peer.client);
            lead_time_.expect(peer.client);
        }
        log_event(LogLevel::debug, "newcomer", {{"peer", peer.client}, {"url", peer.url}});
    }
}

std::size_t LineSender::ask_for_lines() {
    (void)refresh();
    std::size_t asked = 0;
    for (const auto& peer : hearers()) {
        if (peer.kind == "deck") {
            shell_.peers().tell(peer, OscMessage{at::tempo_line});
            lead_time_.expect(peer.client);
            ++asked;
        }
    }
    return asked;
}

void LineSender::ask_decks() {
    using Clock = std::chrono::steady_clock;
    for (const auto& peer : hearers()) {
        if (peer.kind != "deck") {
            continue;
        }
        const auto heard = [this, deck = peer.client, asked = Clock::now()](const PeerAnswer& answer) {
            if (answer.ok) {
                const std::chrono::duration<double> round_trip = Clock::now() - asked;
                hear_health(deck, round_trip.count(), named_values(answer.values));
            }
        };
        try {
            shell_.peers().ask(peer.client, OscMessage{at::deck_health}, heard);
        } catch (const OscError& error) {
            log_event(LogLevel::debug, "deck-not-asked", {{"deck", peer.client}, {"why", error.what()}});
        }
    }
}

void LineSender::hear_health(const std::string& deck, double round_trip_s, const NamedValues& health) {
    if (!shell_.has_jack()) {
        return;
    }
    LeadTime::Answer answer;
    for (const auto& key : reserve_keys) {
        const double frames = named_number(health, key).value_or(0.0);
        answer.reserve_s = std::max(answer.reserve_s, frames / shell_.jack().format().rate);
    }
    answer.late_lines = named_number(health, late_lines_key).value_or(0.0);
    lead_time_.answered(deck, round_trip_s, answer);
}

Frames LineSender::lead() const { return lead_time_.lead(shell_.jack().period(), shell_.jack().format().rate); }

}  // namespace crowdjack
