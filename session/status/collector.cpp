// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/status/collector.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

namespace {

constexpr double silence_s = 1.0;
constexpr double still_s = 0.5;  ///< a pulse that did not change for so long stands still

const std::map<std::string, std::vector<const char*>>& questions_of_kinds() {
    static const std::map<std::string, std::vector<const char*>> questions{
        {"deck", {"/deck/state", "/deck/health"}},
        {"mixer-bus", {"/mixer/state", "/mixer/meters", "/mixer/tap", "/mixer/health"}},
        {"bpm-follower", {"/tempo/state"}},
        {"session", {"/session/state"}},
        {"setlist", {"/setlist/state"}},
    };
    return questions;
}

}  // namespace

StatusCollector::StatusCollector(SuiteLink& link) : link_{link} {
    seen_.server = link.server();
    listen("/deck/state", &StatusCollector::take_deck_state);
    listen("/deck/health", &StatusCollector::take_deck_health);
    listen("/mixer/state", &StatusCollector::take_mixer_state);
    listen("/mixer/health", &StatusCollector::take_mixer_health);
    listen("/mixer/meters", &StatusCollector::take_meters);
    listen("/mixer/tap", &StatusCollector::take_tap);
    listen("/tempo/state", &StatusCollector::take_tempo);
    listen("/session/state", &StatusCollector::take_session);
    listen("/setlist/state", &StatusCollector::take_setlist);
}

void StatusCollector::listen(const std::string& address,
                             void (StatusCollector::*take)(const std::string&, const OscArguments&)) {
    link_.on_message(address, [this, address, take](const std::string& client, const OscArguments& arguments) {
        heard_s_[client] = SuiteLink::seconds();
        open_.erase({client, address});
        (this->*take)(client, arguments);
    });
}

void StatusCollector::question(const PeerInfo& peer, const char* address) {
    open_.emplace(peer.client, address);
    link_.send(peer, OscMessage{address});
}

void StatusCollector::ask() {
    open_.clear();
    std::vector<ClientStatus> clients;
    std::set<std::string> kinds;
    for (const PeerInfo& peer : link_.peers()) {
        const ClientStatus* const before = seen_.client(peer.client);
        ClientStatus client = before != nullptr && before->pid == peer.pid ? *before : ClientStatus{};
        client.name = peer.client;
        client.kind = peer.kind;
        client.jack = peer.jack;
        client.url = peer.url;
        client.pid = peer.pid;
        clients.push_back(client);
        kinds.insert(peer.kind);
        if (before != nullptr && before->pid != peer.pid) {
            pulses_.erase(peer.client);
        }
        look_at_pulse(peer.client);
        const auto questions = questions_of_kinds().find(peer.kind);
        if (questions != questions_of_kinds().end()) {
            for (const char* const address : questions->second) {
                question(peer, address);
            }
        }
    }
    seen_.clients = std::move(clients);
    std::erase_if(seen_.decks, [this](const auto& deck) { return seen_.client(deck.first) == nullptr; });
    if (!kinds.contains("mixer-bus")) {
        seen_.mixer.reset();
    }
    if (!kinds.contains("bpm-follower")) {
        seen_.tempo.reset();
    }
    if (!kinds.contains("session")) {
        seen_.patch.reset();
    }
    if (!kinds.contains("setlist")) {
        seen_.setlist.clear();
    }
}

SuiteSnapshot StatusCollector::snapshot() const {
    SuiteSnapshot result = seen_;
    const double now = SuiteLink::seconds();
    const bool server_lives = std::any_of(pulses_.begin(), pulses_.end(),
                                          [now](const auto& p) { return now < p.second.changed_s + still_s; });
    for (ClientStatus& client : result.clients) {
        const auto heard = heard_s_.find(client.name);
        const auto pulse = pulses_.find(client.name);
        const bool asked = questions_of_kinds().contains(client.kind);
        const auto warned = warned_s_.find(client.name);
        client.near_budget = warned != warned_s_.end() && now < warned->second + BudgetWatch::quiet_s;
        client.answers = !asked || (heard != heard_s_.end() && now < heard->second + silence_s);
        client.hangs = server_lives && pulse != pulses_.end() && pulse->second.count > 0 &&
                       now > pulse->second.changed_s + still_s;
        if (!client.answers) {
            result.decks.erase(client.name);
        }
    }
    return result;
}

void StatusCollector::note_budget(const ClientStatus& client) {
    if (client.load && client.worst_load &&
        budget_.look(client.name, {*client.load, *client.worst_load}, SuiteLink::seconds())) {
        warned_s_[client.name] = SuiteLink::seconds();
    }
}

void StatusCollector::look_at_pulse(const std::string& client) {
    auto found = pulses_.find(client);
    if (found != pulses_.end() && !found->second.reader.is_current()) {
        pulses_.erase(found);
        found = pulses_.end();
    }
    if (found == pulses_.end()) {
        if (auto reader = PulseReader::open(link_.server(), client)) {
            const std::uint64_t count = reader->count();
            pulses_.emplace(client, Pulse{std::move(*reader), count, SuiteLink::seconds()});
        }
        return;
    }
    if (const std::uint64_t count = found->second.reader.count(); count != found->second.count) {
        found->second.count = count;
        found->second.changed_s = SuiteLink::seconds();
    }
}

void StatusCollector::take_deck_state(const std::string& client, const OscArguments& arguments) {
    read_deck_state(arguments, seen_.decks[client]);
}

void StatusCollector::take_deck_health(const std::string& client, const OscArguments& arguments) {
    seen_.decks[client].health = named_values(arguments);
    for (ClientStatus& known : seen_.clients) {
        if (known.name == client) {
            read_load(seen_.decks[client].health, known);
            note_budget(known);
        }
    }
}

void StatusCollector::take_mixer_state(const std::string&, const OscArguments& arguments) {
    mixer().state = named_values(arguments);
}

void StatusCollector::take_mixer_health(const std::string& client, const OscArguments& arguments) {
    mixer().health = named_values(arguments);
    for (ClientStatus& known : seen_.clients) {
        if (known.name == client) {
            read_load(mixer().health, known);
            note_budget(known);
        }
    }
}

void StatusCollector::take_meters(const std::string&, const OscArguments& arguments) {
    read_meters(arguments, mixer());
}

void StatusCollector::take_tap(const std::string&, const OscArguments& arguments) { read_tap(arguments, mixer()); }

void StatusCollector::take_tempo(const std::string&, const OscArguments& arguments) {
    seen_.tempo = read_tempo_state(arguments);
}

void StatusCollector::take_session(const std::string&, const OscArguments& arguments) {
    seen_.patch = read_session_state(named_values(arguments));
}

void StatusCollector::take_setlist(const std::string&, const OscArguments& arguments) {
    seen_.setlist = named_values(arguments);
}

}  // namespace crowdjack
