// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/registry.hpp"
#include "session/status/budget.hpp"
#include "session/status/snapshot.hpp"
#include "session/suite_link.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>

namespace crowdjack {

/// Asks everybody how they are and keeps what they said. One hung client costs its own answer and nothing else. Control
/// thread only.
class StatusCollector {
public:
    explicit StatusCollector(SuiteLink& link);

    /// Sends all questions. Clients that are gone are forgotten.
    void ask();
    /// Everybody asked has answered everything since ask().
    [[nodiscard]] bool complete() const noexcept { return open_.empty(); }
    /// As of now; who has not answered for a second is shown as not answering.
    [[nodiscard]] SuiteSnapshot snapshot() const;

private:
    struct Pulse {
        PulseReader reader;
        std::uint64_t count{};
        double changed_s{};
    };

    void question(const PeerInfo& peer, const char* address);
    void listen(const std::string& address, void (StatusCollector::*take)(const std::string&, const OscArguments&));
    void take_deck_state(const std::string& client, const OscArguments& arguments);
    void take_deck_health(const std::string& client, const OscArguments& arguments);
    void take_mixer_state(const std::string& client, const OscArguments& arguments);
    void take_mixer_health(const std::string& client, const OscArguments& arguments);
    void take_meters(const std::string& client, const OscArguments& arguments);
    void take_tap(const std::string& client, const OscArguments& arguments);
    void take_tempo(const std::string& client, const OscArguments& arguments);
    void take_session(const std::string& client, const OscArguments& arguments);
    void take_setlist(const std::string& client, const OscArguments& arguments);
    [[nodiscard]] MixerStatus& mixer() { return seen_.mixer ? *seen_.mixer : seen_.mixer.emplace(); }
    void note_budget(const ClientStatus& client);
    void look_at_pulse(const std::string& client);

    SuiteLink& link_;
    SuiteSnapshot seen_;
    std::set<std::pair<std::string, std::string>> open_;  ///< client and address, asked and not answered
    std::map<std::string, double> heard_s_, warned_s_;
    BudgetWatch budget_;
    std::map<std::string, Pulse> pulses_;
};

}  // namespace crowdjack
