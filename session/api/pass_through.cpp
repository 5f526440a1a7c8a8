// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/pass_through.hpp"

#include "common/deck_names.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace crowdjack {

namespace {

using protocol::Role;
using protocol::Server;

constexpr auto look = std::chrono::seconds{2};
constexpr auto listening = std::chrono::seconds{10};
constexpr std::string_view deck_family{"/deck"};

/// How long its answer may take: opening files and connecting to servers takes its time.
std::chrono::milliseconds patience_for(std::string_view address) {
    constexpr std::array slow{at::deck_cue,          at::deck_stem_load,     at::mixer_record_start,
                              at::mixer_record_stop, at::mixer_stream_start, at::mixer_stream_stop};
    const bool is_slow = std::find(slow.begin(), slow.end(), address) != slow.end();
    return is_slow ? std::chrono::seconds{60} : std::chrono::seconds{5};
}

bool tells_events(const PeerInfo& peer) {
    return peer.kind == "deck" || peer.kind == "mixer-bus" || peer.kind == "bpm-follower" || peer.kind == "setlist";
}

/// An event as the front door tells it.
OscMessage told(const PeerInfo& peer, const std::string& address, const OscArguments& arguments) {
    const bool of_deck = peer.kind == "deck" && address.starts_with(deck_family);
    return {of_deck ? std::string{deck_family} + "/" + deck_selector(peer.name) + address.substr(deck_family.size())
                    : address,
            arguments.atoms()};
}

}  // namespace

PassThrough::PassThrough(DoorParts parts) : parts_{parts} {
    OscServer& osc = parts_.shell.osc();
    osc.handle_others([this](const OscRequest& request) { return pass(request); });
    osc.on_subscribe([this](const OscEndpoint& subscriber) { greet(subscriber); });
    parts_.peers().on_any_event([this](const PeerInfo& peer, const std::string& address,
                                       const OscArguments& arguments) { pass_event(peer, address, arguments); });
    parts_.shell.loop().every(look, [this] { hear_everybody(); });
}

bool PassThrough::pass(const OscRequest& request) {
    const protocol::Description& described = *request.description;
    const Role role = described.way.role;
    if (role == Role::event || role == Role::report || described.server == Server::door ||
        described.server == Server::anybody) {
        return false;
    }
    const std::string client = client_for(request);
    if (protocol::has_frame(described, request.arguments) && parts_.peers().is_remote(client)) {
        throw OscError{OscErrorCode::refused, "frames of this JACK server mean nothing to " + client + ": omit it"};
    }
    const bool cues = described.address == at::deck_cue && !request.arguments.empty();
    const auto answered = [this, client, cues, to = request.reply_to](const PeerAnswer& answer) {
        if (cues) {
            parts_.decks.cue_ended(client);
        }
        pass_answer(to, answer);
    };
    parts_.peers().ask(client, OscMessage{std::string{described.address}, request.arguments.atoms()}, answered,
                       patience_for(described.address));
    if (cues) {
        parts_.decks.cue_began(client);
    }
    return true;
}

std::string PassThrough::client_for(const OscRequest& request) {
    switch (request.description->server) {
    case Server::deck:
        if (request.deck.empty()) {
            throw OscError{OscErrorCode::not_found, "say which deck, as in " + std::string{deck_family} + "/A" +
                                                        std::string{request.address.substr(deck_family.size())}};
        }
        return deck_named(request.deck);
    case Server::mixer:
        return peer_of_kind(parts_.peers(), "mixer-bus");
    case Server::follower:
        return peer_of_kind(parts_.peers(), "bpm-follower");
    default:
        if (!parts_.peers().of_kind("setlist")) {
            throw OscError{OscErrorCode::not_ready,
                           "no setlist is playing: send " + std::string{at::setlist_start} + " csv first"};
        }
        return peer_of_kind(parts_.peers(), "setlist");
    }
}

std::string PassThrough::deck_named(std::string_view text) {
    const auto peer = parts_.peers().find(text);
    if (peer && peer->kind == "deck") {
        return peer->name;
    }
    try {
        std::string name = deck_client(api::deck_letter(text));
        const bool known = parts_.peers().find(name) || (parts_.peers().expected && parts_.peers().expected(name));
        if (known) {
            return name;
        }
    } catch (const ApiError& error) {
        throw OscError{OscErrorCode::not_found, error.what()};
    }
    throw OscError{OscErrorCode::not_found, "there is no deck " + std::string{text.substr(0, 40)}};
}

void PassThrough::pass_event(const PeerInfo& peer, const std::string& address, const OscArguments& arguments) {
    const bool of_tempo = address == at::tempo_line || address == at::audio_bpm;
    if (!of_tempo || !parts_.tempo.issuing()) {
        parts_.shell.osc().publish(told(peer, address, arguments));
    }
}

/// The state of every deck, which a deck tells only to a subscriber that is new to it.
void PassThrough::greet(const OscEndpoint& subscriber) {
    hear_everybody();
    for (const PeerInfo& peer : parts_.peers().all()) {
        if (peer.kind == "deck") {
            parts_.peers().ask(peer.client, OscMessage{at::deck_state},
                               [this, peer, subscriber](const PeerAnswer& answer) {
                                   if (answer.ok) {
                                       parts_.shell.osc().send(subscriber, told(peer, at::deck_state, answer.values));
                                   }
                               });
        }
    }
}

/// While somebody hears us, we hear everybody. (Not all the time: a deck tells its state ten times a second.)
void PassThrough::hear_everybody() {
    if (!parts_.shell.osc().has_subscribers()) {
        return;
    }
    for (const PeerInfo& peer : parts_.peers().all()) {
        if (tells_events(peer)) {
            parts_.peers().subscribe(peer.client, listening);
        }
    }
}

}  // namespace crowdjack
