// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/status/health_check.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace crowdjack {

namespace {

void look_at_patch(const PatchHealth& patch, std::vector<std::string>& troubles) {
    if (!patch.running) {
        troubles.emplace_back("the JACK server is away; the session tries to start it");
        return;
    }
    // The worst first.
    for (const auto& [phase, what] :
         {std::pair{"failing", " keeps ending soon after its start"}, std::pair{"ended", " has ended"},
          std::pair{"waiting", " is to be started"}, std::pair{"starting", " is only just starting"}}) {
        for (const auto& [client, its_phase] : patch.phases) {
            if (its_phase == phase) {
                troubles.push_back(client + what);
            }
        }
    }
    if (patch.silent) {
        troubles.emplace_back("the mix is silent");
    }
    if (patch.fallback) {
        troubles.emplace_back("the fallback plays instead of the set");
    }
    if (patch.setlist == "failing") {
        troubles.emplace_back("the setlist keeps ending soon after its start");
    }
    if (!patch.complete) {
        troubles.push_back("the patch is incomplete: " + std::to_string(patch.made) + " of " +
                           std::to_string(patch.wanted) + " connections" +
                           (patch.missing.empty() ? "" : ", missing " + patch.missing.front()));
    }
}

/// Who mends what is broken does not: nothing else counts.
std::string why_down(const SuiteSnapshot& snapshot) {
    const auto session = std::find_if(snapshot.clients.begin(), snapshot.clients.end(),
                                      [](const ClientStatus& client) { return client.kind == "session"; });
    if (session == snapshot.clients.end()) {
        return "no session runs on server " + snapshot.server;
    }
    return session->answers && snapshot.patch ? "" : "the session on server " + snapshot.server + " does not answer";
}

}  // namespace

std::vector<std::string> troubles_of(const SuiteSnapshot& snapshot) {
    if (const std::string why = why_down(snapshot); !why.empty()) {
        return {why};
    }
    std::vector<std::string> troubles;
    for (const ClientStatus& client : snapshot.clients) {
        if (client.hangs) {
            troubles.push_back(client.name + " hangs: its audio thread stands still");
        } else if (!client.answers) {
            troubles.push_back(client.name + " does not answer");
        }
    }
    look_at_patch(*snapshot.patch, troubles);
    return troubles;
}

HealthVerdict health_verdict(const SuiteSnapshot& snapshot) {
    using Level = HealthVerdict::Level;
    const std::vector<std::string> troubles = troubles_of(snapshot);
    if (troubles.empty()) {
        return {Level::well, std::to_string(snapshot.clients.size()) + " programs answer, " +
                                 std::to_string(snapshot.patch->made) + " connections stand"};
    }
    const std::string more =
        troubles.size() > 1 ? " (and " + std::to_string(troubles.size() - 1) + " more: see crowdjack-session status)"
                            : "";
    return {why_down(snapshot).empty() ? Level::degraded : Level::down, troubles.front() + more};
}

}  // namespace crowdjack
