// SPDX-License-Identifier: GPL-3.0-or-later
// What happened lately: the tempo's last quarter of an hour, warnings in plain words, what was played. Pure: told what
// the suite looks like, and when.
#pragma once

#include "session/status/snapshot.hpp"
#include "session/web/health.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace crowdjack::web {

/// Seconds since 1970, for people.
using WallTime = double;

struct TempoPoint {
    WallTime at{};
    double bpm{}, target{}, movement{};
    std::vector<std::pair<std::string, double>> zones;
};

struct Warning {
    WallTime at{};
    std::string text;
};

struct PlayedEntry {
    WallTime at{};
    std::string deck, path;
};

class Chronicle {
public:
    static constexpr double remembered_s = 900.0;
    static constexpr std::size_t most_warnings = 50, most_played = 100;

    /// About once a second.
    void look(const SuiteSnapshot& snapshot, WallTime now);
    void set_zones(std::vector<std::pair<std::string, double>> zones) { zones_ = std::move(zones); }
    void warn(std::string text, WallTime now);

    [[nodiscard]] const std::deque<TempoPoint>& tempo() const noexcept { return tempo_; }
    [[nodiscard]] const std::deque<Warning>& warnings() const noexcept { return warnings_; }  ///< the latest first
    [[nodiscard]] const std::deque<PlayedEntry>& played() const noexcept { return played_; }  ///< the latest first

private:
    void look_at_decks(const SuiteSnapshot& snapshot, WallTime now);
    void look_at_clients(const SuiteSnapshot& snapshot, WallTime now);

    std::deque<TempoPoint> tempo_;
    std::deque<Warning> warnings_;
    std::deque<PlayedEntry> played_;
    std::vector<std::pair<std::string, double>> zones_;
    std::set<std::string> troubles_;                       ///< those of the last look
    std::map<std::string, std::string> playing_, states_;  ///< path and state by deck
    std::map<std::string, double> starved_;                ///< frames by deck
    std::map<std::string, std::int64_t> pids_;             ///< 0: gone
    bool looked_{false};                                   ///< at least once: what was wrong before is no news
};

}  // namespace crowdjack::web
