// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/registry.hpp"
#include "session/status/budget.hpp"
#include "session/status/snapshot.hpp"
#include "session/suite_link.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace crowdjack {

/// Asks everybody how they are and keeps what they said. One hung client costs its own answer and nothing else. Control
/// thread only.
class StatusCollector {
public:
    explicit StatusCollector(SuiteLink& link);

    /// Sends all questions. Clients that are gone are forgotten.
    void ask();
    /// Everybody asked has answered everything since ask().
    [[nodiscard]] bool complete() const noexcept { return open_ == 0; }
    /// As of now; who has not answered for a second is shown as not answering.
    [[nodiscard]] SuiteSnapshot snapshot() const;

private:
    struct Pulse {
        PulseReader reader;
        std::uint64_t count{};
        double changed_s{};  ///< when a look last found another count
        double looked_s{};

        [[nodiscard]] bool stands_still() const;
    };

    using Take = void (*)(StatusCollector&, const std::string& client, const OscArguments&);
    /// What each kind of client is asked, and what becomes of the answer.
    [[nodiscard]] static const std::map<std::string, std::vector<std::pair<const char*, Take>>>& questions();
    void question(const PeerInfo& peer, const char* address, Take take);
    void take_health(const std::string& client, const NamedValues& health);
    [[nodiscard]] MixerStatus& mixer() { return seen_.mixer ? *seen_.mixer : seen_.mixer.emplace(); }
    void note_budget(const ClientStatus& client);
    void look_at_pulse(const std::string& client);

    SuiteLink& link_;
    SuiteSnapshot seen_;
    std::size_t open_{0};  ///< questions of the last ask() that are not answered
    std::uint64_t round_{0};
    std::map<std::string, double> heard_s_, warned_s_;
    BudgetWatch budget_;
    std::map<std::string, Pulse> pulses_;
};

}  // namespace crowdjack
