// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>

namespace crowdjack {

/// Notices when a client's audio thread comes near the end of its period, from the figures it reports now and then.
class BudgetWatch {
public:
    static constexpr double near_mean = 0.5;   ///< of the period, on average
    static constexpr double near_worst = 0.7;  ///< of the period, once
    static constexpr double quiet_s = 60.0;    ///< a client is warned of no more often

    struct Load {
        double mean{}, worst{};  ///< shares of the period; worst: since the client started
    };

    /// @param now_s  seconds on a clock that only grows
    /// @returns true when the client is to be warned of now: its mean is high, or its worst callback grew and is high
    bool look(const std::string& client, const Load& load, double now_s) {
        const auto [place, first] = seen_.try_emplace(client, Seen{load.worst, now_s - quiet_s});
        Seen& seen = place->second;
        // Start-up is no steady state: what was slow before the first look does not count.
        const bool slower = !first && load.worst > seen.worst && load.worst > near_worst;
        seen.worst = load.worst;
        if ((slower || load.mean > near_mean) && now_s >= seen.warned_s + quiet_s) {
            seen.warned_s = now_s;
            return true;
        }
        return false;
    }

    void forget(const std::string& client) { seen_.erase(client); }

private:
    struct Seen {
        double worst{};
        double warned_s{};
    };
    std::map<std::string, Seen> seen_;
};

}  // namespace crowdjack
