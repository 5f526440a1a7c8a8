// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/supervision/pulse_watch.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

namespace {

/// Longer gaps between looks are our own stall: the server's cycles in them say nothing about when they ran.
constexpr SessionTime longest_gap{150};
constexpr SessionTime longest_period{50};  ///< between beats that are nothing to worry about

}  // namespace

void PulseWatch::forget(const std::string& client) {
    watched_.erase(client);
    for (auto& [name, watched] : watched_) {
        watched.still = SessionTime{0};
        watched.before = SessionTime{0};
    }
}

bool PulseWatch::uneasy() const {
    return std::any_of(watched_.begin(), watched_.end(), [](const auto& entry) {
        return entry.second.beating && entry.second.still > SessionTime{0} && !entry.second.blamed;
    });
}

std::vector<std::string> PulseWatch::look(const ServerSample& server, const std::vector<PulseSample>& clients) {
    const bool first = last_look_.count() < 0;
    const bool server_ran = !first && server.cycles != last_cycles_ && !server.freewheeling;
    const SessionTime passed = server_ran ? std::min(server.now - last_look_, longest_gap) : SessionTime{0};
    last_cycles_ = server.cycles;
    last_look_ = server.now;

    for (const PulseSample& client : clients) {
        const auto [entry, is_new] = watched_.try_emplace(client.client, Watched{client.pulse, {}, {}, false, false});
        Watched& watched = entry->second;
        // At first sight its clock tells whether it beats: it may hang before the second.
        const bool beats = is_new ? client.beat > SessionTime{0} && server.beat - client.beat < still_for
                                  : client.pulse != watched.pulse;
        if (beats) {
            const bool known = client.beat > SessionTime{0} && server.beat > client.beat;
            const SessionTime since = known ? std::min(server.beat - client.beat, passed) : SessionTime{0};
            const bool normal = since <= longest_period;
            watched = {client.pulse, normal ? SessionTime{0} : since, normal ? since : SessionTime{0}, true, false};
        } else if (watched.beating) {
            watched.still += passed + std::exchange(watched.before, SessionTime{0});
        }
    }
    const auto stands_still = [this](const std::string& name) {
        const auto found = watched_.find(name);
        // Upstream of a still client, half the time is enough to share the blame.
        return found != watched_.end() && found->second.beating && found->second.still >= still_for / 2;
    };
    std::vector<std::string> blamed;
    for (const PulseSample& client : clients) {
        Watched& watched = watched_[client.client];
        const bool behind_another = std::any_of(client.upstream.begin(), client.upstream.end(), stands_still);
        if (watched.still >= still_for && !behind_another && !watched.blamed) {
            watched.blamed = true;
            blamed.push_back(client.client);
        }
    }
    return blamed;
}

}  // namespace crowdjack
