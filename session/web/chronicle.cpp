// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/chronicle.hpp"

#include <cmath>

namespace crowdjack::web {

void Chronicle::warn(std::string text, WallTime now) {
    warnings_.push_front({now, std::move(text)});
    if (warnings_.size() > most_warnings) {
        warnings_.pop_back();
    }
}

void Chronicle::look(const SuiteSnapshot& snapshot, WallTime now) {
    if (snapshot.tempo) {
        const TempoStatus& tempo = *snapshot.tempo;
        tempo_.push_back({now, tempo.bpm, tempo.target, tempo.movement, zones_});
    }
    while (!tempo_.empty() && tempo_.front().at < now - remembered_s) {
        tempo_.pop_front();
    }
    look_at_clients(snapshot, now);
    look_at_decks(snapshot, now);
    std::set<std::string> troubles;
    for (const std::string& why : judge(snapshot).why) {
        troubles.insert(why);
        if (!troubles_.contains(why) && looked_) {  // one that goes on is said once
            warn(why, now);
        }
    }
    troubles_ = std::move(troubles);
    looked_ = true;
}

void Chronicle::look_at_clients(const SuiteSnapshot& snapshot, WallTime now) {
    for (const ClientStatus& client : snapshot.clients) {
        const auto [before, is_new] = pids_.try_emplace(client.name, client.pid);
        if (!is_new && before->second != client.pid) {
            before->second = client.pid;
            warn(client.name + " was started again", now);
        }
    }
    for (auto& [name, pid] : pids_) {
        if (pid != 0 && snapshot.client(name) == nullptr) {
            warn(name + " is gone", now);
            pid = 0;
        }
    }
}

void Chronicle::look_at_decks(const SuiteSnapshot& snapshot, WallTime now) {
    for (const auto& [name, deck] : snapshot.decks) {
        const std::string playing = deck.state == "playing" ? deck.path : "";
        std::string& before = playing_[name];
        if (!playing.empty() && playing != before) {
            played_.push_front({now, name, playing});
            if (played_.size() > most_played) {
                played_.pop_back();
            }
        }
        before = playing;
        const double starved = health_number(deck.health, "starved").value_or(0.0);
        const auto [known, is_new] = starved_.try_emplace(name, starved);
        if (!is_new && starved > known->second) {
            warn(name + " had " + std::to_string(std::llround(starved - known->second)) +
                     " frames not in time and was silent for them: the storage is too slow",
                 now);
        }
        known->second = starved;
        std::string& state = states_[name];
        if (deck.state == "failed" && state != "failed") {
            warn(name + " cannot play " + deck.path, now);
        }
        state = deck.state;
    }
}

}  // namespace crowdjack::web
