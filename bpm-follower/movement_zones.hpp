// SPDX-License-Identifier: GPL-3.0-or-later
// Several cameras, one movement.
#pragma once

#include "bpm-follower/movement.hpp"
#include "common/movement_address.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

/// How zones make one movement. `mean`: the weighted mean. `max`: the largest of weight × movement. `sum`: the sum of
/// weight × movement. The last two are held to 1.
struct ZoneSettings {
    enum class Mix { mean, max, sum };
    Mix mix{Mix::mean};
    std::map<std::string, double, std::less<>> weights;  ///< by zone, 0…100; those not named have 1

    /// @throws UsageError that says what is possible
    /// @{
    static Mix parse_mix(std::string_view text);
    void add_weight(std::string_view text);  ///< `cam2=0.5`
    /// @}
};

/// The median movement of each zone, and what they make together.
class MovementZones {
public:
    /// @param silent_after_s  a zone without a report for so long no longer counts
    MovementZones(ZoneSettings settings, double silent_after_s)
        : settings_{std::move(settings)}, silent_after_s_{silent_after_s} {}

    /// @param movement  0…1 @param now_s  never decreasing
    void report(std::string_view zone, double movement, double now_s);

    /// What the zones that are not silent make together, 0…1; nothing when all are silent.
    [[nodiscard]] std::optional<double> movement(double now_s) const;
    /// The same, but only when a zone has a report that its median still counts (10 s).
    [[nodiscard]] std::optional<double> fresh_movement(double now_s) const;
    void clear() noexcept { zones_.clear(); }

    struct Level {
        std::string zone;
        double movement{}, weight{};
    };
    /// The zones that count now, by name.
    [[nodiscard]] std::vector<Level> levels(double now_s) const;

private:
    struct Zone {
        std::string name;
        ReportWindow window;
        double median{}, last_heard{};
    };
    static constexpr std::size_t most_zones = 32;  ///< beyond that the one silent longest is forgotten

    Zone& zone(std::string_view name);
    [[nodiscard]] double weight(std::string_view zone) const;
    [[nodiscard]] bool counts(const Zone& zone, double now_s) const noexcept {
        return now_s - zone.last_heard < silent_after_s_;
    }

    ZoneSettings settings_;
    double silent_after_s_;
    std::vector<Zone> zones_;
};

}  // namespace crowdjack
