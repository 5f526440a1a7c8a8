// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/line_sender.hpp"

#include "common/error.hpp"
#include "common/log.hpp"

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

WireFrame wire_argument(const OscArguments& arguments, std::size_t i, std::string_view name) {
    const auto frame = arguments.optional_frame(i, name);
    if (!frame) {
        throw OscError{OscErrorCode::bad_arguments, std::string{name} + " is missing"};
    }
    return *frame;
}

}  // namespace

AnnouncedLine read_line(const OscArguments& arguments, JackFrame now, double rate) {
    constexpr double slowest = 1.0;
    constexpr double fastest = 1000.0;
    arguments.expect(6, 6, "i:serial i:f0 d:b0 d:bpm0 i:f1 d:bpm1");
    const auto serial = static_cast<std::int32_t>(arguments.integer(0, "serial", INT32_MIN, INT32_MAX));
    const JackFrame from = unwrap(wire_argument(arguments, 1, "f0"), now);
    const JackFrame to = unwrap(wire_argument(arguments, 4, "f1"), now);
    return {serial, TempoLine{from, Beats{arguments.number(2, "b0", -1e12, 1e12)},
                              Bpm{arguments.number(3, "bpm0", slowest, fastest)}, to,
                              Bpm{arguments.number(5, "bpm1", slowest, fastest)}, rate}};
}

LineSender::LineSender(ClientShell& shell, const AnnouncedLines& announced, std::vector<OscEndpoint> receivers)
    : shell_{shell}, announced_{announced}, receivers_{std::move(receivers)} {
    shell_.osc().on_subscribe([this](const OscEndpoint& endpoint) { send_lines_to(endpoint); });
    shell_.osc().handle_report("/deck/health", [this](const OscRequest& request) { hear_health(request); });
}

OscMessage LineSender::message_of(const AnnouncedLine& line) {
    OscMessage message{"/tempo/line"};
    message.integer(line.serial)
        .frame(line.line.from())
        .precise(line.line.start_beat().value)
        .precise(line.line.from_bpm().value)
        .frame(line.line.to())
        .precise(line.line.to_bpm().value);
    return message;
}

void LineSender::send_lines_to(const OscEndpoint& endpoint) {
    for (const auto& line : announced_.lines()) {
        shell_.osc().send(endpoint, message_of(line));
    }
}

void LineSender::send_lines() {
    for (const auto& line : announced_.lines()) {
        const auto message = message_of(line);
        for (const auto& [name, peer] : peers_) {
            shell_.osc().send(peer.endpoint, message);
        }
        for (const auto& receiver : receivers_) {
            shell_.osc().send(receiver, message);
        }
        shell_.osc().publish(message);
    }
}

void LineSender::send_bpm(Bpm bpm) {
    OscMessage message{"/audio/bpm"};
    message.real(static_cast<float>(bpm.value));
    for (const auto& receiver : receivers_) {
        shell_.osc().send(receiver, message);
    }
    shell_.osc().publish(message);
}

std::vector<LineSender::Peer> LineSender::refresh() {
    std::map<std::string, Peer> present;
    std::vector<Peer> fresh;
    for (const auto& info : shell_.peers().all()) {
        const bool deck = info.kind == "deck";
        if (!deck && info.kind != "mixer-bus") {
            continue;
        }
        const auto known = peers_.find(info.client);
        if (known != peers_.end() && known->second.url == info.url) {
            present.insert(*known);
            continue;
        }
        try {
            present[info.client] = {
                info.client, info.url, OscEndpoint::parse(info.url, OscEndpoint::Host::numeric), deck, {}};
            fresh.push_back(present[info.client]);
        } catch (const Failure& failure) {
            log_event(LogLevel::warning, "peer without a usable URL", {{"peer", info.client}, {"why", failure.what()}});
        }
    }
    for (const auto& [name, peer] : peers_) {
        if (!present.contains(name)) {
            lead_time_.forget(name);
        }
    }
    peers_ = std::move(present);
    return fresh;
}

void LineSender::greet_newcomers() {
    for (const auto& peer : refresh()) {
        send_lines_to(peer.endpoint);
        if (peer.deck) {
            lead_time_.forget(peer.name);
            lead_time_.expect(peer.name);
        }
        log_event(LogLevel::debug, "newcomer", {{"peer", peer.name}, {"url", peer.url}});
    }
}

std::size_t LineSender::ask_for_lines() {
    refresh();
    std::size_t asked = 0;
    for (const auto& [name, peer] : peers_) {
        if (peer.deck) {
            shell_.osc().send(peer.endpoint, OscMessage{"/tempo/line"});
            lead_time_.expect(name);
            ++asked;
        }
    }
    return asked;
}

void LineSender::ask_decks() {
    for (auto& [name, peer] : peers_) {
        if (peer.deck) {
            peer.asked = std::chrono::steady_clock::now();
            shell_.osc().send(peer.endpoint, OscMessage{"/deck/health"});
        }
    }
}

void LineSender::hear_health(const OscRequest& request) {
    for (auto& [name, peer] : peers_) {
        if (!(peer.endpoint == request.sender()) || !peer.asked) {
            continue;
        }
        const std::chrono::duration<double> round_trip =
            std::chrono::steady_clock::now() - *std::exchange(peer.asked, {});
        LeadTime::Answer answer;
        for (std::size_t i = 0; i + 1 < request.arguments.size(); ++i) {
            if (!request.arguments.is_text(i)) {
                continue;
            }
            const auto key = request.arguments.text(i, "name");
            if (std::find(reserve_keys.begin(), reserve_keys.end(), key) != reserve_keys.end()) {
                const double frames = request.arguments.number(i + 1, key);
                answer.reserve_s = std::max(answer.reserve_s, frames / shell_.jack().format().rate);
            } else if (key == late_lines_key) {
                answer.late_lines = request.arguments.number(i + 1, key);
            }
        }
        lead_time_.answered(name, round_trip.count(), answer);
    }
}

Frames LineSender::lead() const { return lead_time_.lead(shell_.jack().period(), shell_.jack().format().rate); }

}  // namespace crowdjack
