// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/status/collector.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

namespace {

constexpr double silence_s = 1.0;
constexpr auto collect_patience = std::chrono::seconds{2};
constexpr double still_s = 0.5;  ///< a pulse that did not change for so long stands still

}  // namespace

const std::map<std::string, std::vector<std::pair<const char*, StatusCollector::Take>>>& StatusCollector::questions() {
    using Self = StatusCollector;
    using Client = std::string;
    using Values = OscArguments;
    static const std::map<std::string, std::vector<std::pair<const char*, Take>>> all{
        {"deck",
         {{at::deck_state,
           [](Self& self, const Client& client, const Values& values) {
               static_cast<protocol::DeckStateMessage&>(self.seen_.decks[client]) =
                   protocol::DeckStateMessage::read(values);
           }},
          {at::deck_health,
           [](Self& self, const Client& client, const Values& values) {
               self.take_health(client, self.seen_.decks[client].health = named_values(values));
           }}}},
        {"mixer-bus",
         {{at::mixer_state,
           [](Self& self, const Client&, const Values& values) { self.mixer().state = named_values(values); }},
          {at::mixer_meters,
           [](Self& self, const Client&, const Values& values) {
               auto meters = protocol::MixerMeters::read(values);
               self.mixer().channels = std::move(meters.channels);
               self.mixer().lufs = meters.lufs;
           }},
          {at::mixer_tap,
           [](Self& self, const Client&, const Values& values) {
               self.mixer().readers = protocol::MixerTap::read(values).readers;
           }},
          {at::mixer_health,
           [](Self& self, const Client& client, const Values& values) {
               self.take_health(client, self.mixer().health = named_values(values));
           }}}},
        {"bpm-follower",
         {{at::tempo_state,
           [](Self& self, const Client&, const Values& values) { self.seen_.tempo = TempoStatus::read(values); }}}},
        {"session",
         {{at::session_state,
           [](Self& self, const Client&, const Values& values) {
               self.seen_.patch = read_session_state(named_values(values));
           }}}},
        {"setlist",
         {{at::setlist_state,
           [](Self& self, const Client&, const Values& values) { self.seen_.setlist = named_values(values); }}}},
    };
    return all;
}

StatusCollector::StatusCollector(SuiteLink& link) : link_{link} { seen_.server = link.server(); }

void StatusCollector::question(const PeerInfo& peer, const char* address, Take take) {
    const auto answered = [this, client = peer.client, take, round = round_](const PeerAnswer& answer) {
        if (!answer.ok) {
            return;  // snapshot() tells who is silent
        }
        open_ -= round == round_ ? 1 : 0;
        heard_s_[client] = steady_seconds();
        take(*this, client, answer.values);
    };
    try {
        link_.peers().ask(peer.client, OscMessage{address}, answered, collect_patience);
        ++open_;
    } catch (const OscError&) {
        return;  // gone in between, or so slow that its questions pile up
    }
}

void StatusCollector::ask() {
    open_ = 0;
    ++round_;
    std::vector<ClientStatus> clients;
    std::set<std::string> kinds;
    for (const PeerInfo& peer : link_.peers().all()) {
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
        if (const auto known = questions().find(peer.kind); known != questions().end()) {
            for (const auto& [address, take] : known->second) {
                question(peer, address, take);
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
    const double now = steady_seconds();
    const bool server_lives = std::any_of(pulses_.begin(), pulses_.end(),
                                          [now](const auto& p) { return now < p.second.changed_s + still_s; });
    for (ClientStatus& client : result.clients) {
        const auto heard = heard_s_.find(client.name);
        const auto pulse = pulses_.find(client.name);
        const bool asked = questions().contains(client.kind);
        const auto warned = warned_s_.find(client.name);
        client.near_budget = warned != warned_s_.end() && now < warned->second + BudgetWatch::quiet_s;
        client.answers = !asked || (heard != heard_s_.end() && now < heard->second + silence_s);
        client.hangs = server_lives && pulse != pulses_.end() && pulse->second.stands_still();
        if (!client.answers) {
            result.decks.erase(client.name);
        }
    }
    return result;
}

/// By the looks, not by the clock: whoever looks late, on a busy machine, has seen nothing stand still. A program
/// without an audio thread, or whose thread is not running yet, never had a beat.
bool StatusCollector::Pulse::stands_still() const {
    return reader.beat() != std::chrono::steady_clock::time_point{} && looked_s > changed_s + still_s;
}

void StatusCollector::note_budget(const ClientStatus& client) {
    if (client.load && client.worst_load &&
        budget_.look(client.name, {*client.load, *client.worst_load}, steady_seconds())) {
        warned_s_[client.name] = steady_seconds();
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
            const double now = steady_seconds();
            pulses_.emplace(client, Pulse{std::move(*reader), count, now, now});
        }
        return;
    }
    found->second.looked_s = steady_seconds();
    if (const std::uint64_t count = found->second.reader.count(); count != found->second.count) {
        found->second.count = count;
        found->second.changed_s = found->second.looked_s;
    }
}

void StatusCollector::take_health(const std::string& client, const NamedValues& health) {
    for (ClientStatus& known : seen_.clients) {
        if (known.name == client) {
            read_load(health, known);
            note_budget(known);
        }
    }
}

}  // namespace crowdjack
