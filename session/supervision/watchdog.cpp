// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/supervision/watchdog.hpp"

#include "common/log.hpp"
#include "session/session_clock.hpp"

#include <algorithm>

namespace crowdjack {

namespace {

constexpr auto calm_look = std::chrono::milliseconds{100};
constexpr auto uneasy_look = std::chrono::milliseconds{10};

}  // namespace

Watchdog::Watchdog(ClientShell& shell, Clients& clients) : shell_{shell}, clients_{clients} { look_later(); }

void Watchdog::look_later() {
    shell_.loop().at_next(watch_.uneasy() ? uneasy_look : calm_look, [this] {
        look();
        look_later();
    });
}

void Watchdog::see_peers(const std::vector<PeerInfo>& peers) {
    std::set<std::string> now;
    for (const PeerInfo& peer : peers) {
        now.insert(peer.name);
    }
    for (const std::string& gone : peers_) {
        if (!now.contains(gone)) {
            watch_.forget(gone);
            pulses_.erase(gone);
        }
    }
    peers_ = std::move(now);
    // Also of those that are never killed: whom they silence must not be blamed in their place.
    for (const std::string& name : peers_) {
        if (const auto known = pulses_.find(name); known != pulses_.end() && !known->second.is_current()) {
            forget_pulse(name);
        }
        if (!pulses_.contains(name)) {
            if (auto pulse = PulseReader::open(shell_.server(), name)) {
                pulses_.emplace(name, std::move(*pulse));
            }
        }
    }
}

/// Its file was removed and perhaps made anew: what is mapped here beats no more.
void Watchdog::forget_pulse(const std::string& client) {
    watch_.forget(client);
    pulses_.erase(client);
}

void Watchdog::see_patch(const PatchStatus& status) {
    upstream_.clear();
    strangers_.clear();
    for (const Link& link : status.graph.links) {
        const PortView* source = status.graph.port(link.source);
        const PortView* sink = status.graph.port(link.sink);
        if (source == nullptr || sink == nullptr || source->physical) {
            continue;
        }
        const std::string fed = client_of(listed_name(*sink));
        const std::string feeder = client_of(listed_name(*source));
        upstream_[fed].insert(feeder);
        if (!status.graph.suite_clients.contains(client_of(link.source))) {
            strangers_[fed].insert(feeder);
        }
    }
}

bool Watchdog::may_kill(const std::string& client) const {
    const auto views = clients_.view();
    return std::any_of(views.begin(), views.end(), [&](const auto& one) { return one.name == client && one.watchdog; });
}

bool Watchdog::stands_behind_a_stranger(const std::string& client) {
    const auto found = strangers_.find(client);
    if (found == strangers_.end()) {
        return false;
    }
    const auto views = clients_.view();
    const auto view = std::find_if(views.begin(), views.end(), [&](const auto& one) { return one.name == client; });
    // Stopped or spinning, it is itself to blame; asleep, it may be waiting for the stranger.
    return view != views.end() && view->pid > 0 && state_of(view->pid) == 'S';
}

/// All that JACK shows of a program that hangs is that what it feeds stands still: of several, one that is stopped or
/// spins is meant; else the only one, or the first.
std::string Watchdog::hanging_stranger(const std::string& client) const {
    const std::set<std::string>& feeders = strangers_.at(client);
    const auto views = clients_.view();
    for (const std::string& feeder : feeders) {
        const auto view = std::find_if(views.begin(), views.end(), [&](const auto& one) { return one.name == feeder; });
        if (view != views.end() && view->pid > 0 && state_of(view->pid) != 'S') {
            return feeder;
        }
    }
    return *feeders.begin();
}

bool Watchdog::may_kill_stranger(const std::string& client) const {
    const auto views = clients_.view();
    return std::any_of(views.begin(), views.end(),
                       [&](const auto& one) { return one.name == client && one.foreign_watched; });
}

void Watchdog::look() {
    if (!shell_.has_jack()) {
        return;
    }
    JackClient& jack = shell_.jack();
    jack.read_clock();
    std::vector<PulseSample> samples;
    for (const auto& [name, pulse] : pulses_) {
        const auto& feeders = upstream_[name];
        samples.push_back({name, pulse.count(), {feeders.begin(), feeders.end()}, SessionClock::at(pulse.beat())});
    }
    const ServerSample server{SessionClock::now(), jack.cycles(), jack.freewheeling(), SessionClock::at(jack.beat())};
    for (const std::string& name : watch_.look(server, samples)) {
        if (const auto pulse = pulses_.find(name); pulse != pulses_.end() && !pulse->second.is_current()) {
            forget_pulse(name);
            continue;
        }
        if (stands_behind_a_stranger(name)) {
            const std::string stranger = hanging_stranger(name);
            if (may_kill_stranger(stranger)) {
                clients_.kill_hung(stranger);
                continue;
            }
            log_event(LogLevel::error, "client-stands-still",
                      {{"client", name},
                       {"behind", stranger},
                       {"do", "if that program hangs, end it, or say `watchdog = true` for it in the session file"}});
            continue;
        }
        if (!may_kill(name)) {
            log_event(LogLevel::error, "client-stands-still",
                      {{"client", name}, {"do", "it silences all that it feeds: end it, or let the watchdog do so"}});
            continue;
        }
        clients_.kill_hung(name);
    }
}

}  // namespace crowdjack
