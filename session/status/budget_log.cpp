// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/status/budget_log.hpp"

#include "common/log.hpp"
#include "session/session_clock.hpp"
#include "session/status/snapshot.hpp"

#include <cmath>

namespace crowdjack {

namespace {

constexpr ControlLoop::Duration look_period{5000};

}  // namespace

BudgetLog::BudgetLog(ClientShell& shell) : shell_{shell} {
    shell_.loop().every(look_period, [this] { ask(); });
}

void BudgetLog::ask() {
    if (!shell_.has_jack()) {
        return;
    }
    for (const PeerInfo& peer : shell_.peers().all()) {
        if (peer.kind != "deck" && peer.kind != "mixer-bus") {
            continue;
        }
        const OscMessage question{peer.kind == "deck" ? at::deck_health : at::mixer_health};
        try {
            shell_.peers().ask(peer.client, question, [this, client = peer.client](const PeerAnswer& answer) {
                if (answer.ok) {
                    heard(client, answer.values);
                }
            });
        } catch (const OscError&) {
            watch_.forget(peer.client);  // it left between the two looks
        }
    }
}

void BudgetLog::heard(const std::string& client, const OscArguments& health) {
    ClientStatus status;
    read_load(named_values(health), status);
    if (!status.load || !status.worst_load) {
        return;
    }
    if (watch_.look(client, {*status.load, *status.worst_load}, steady_seconds())) {
        log_event(LogLevel::warning, "near-its-budget",
                  {{"client", client},
                   {"mean_percent", std::lround(*status.load * 100.0)},
                   {"worst_percent", std::lround(*status.worst_load * 100.0)},
                   {"hint", "a larger --period gives it room: crowdjack-session tune measures which"}});
    }
}

}  // namespace crowdjack
