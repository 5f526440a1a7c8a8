// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/movement_zones.hpp"

#include "common/error.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace crowdjack {

ZoneSettings::Mix ZoneSettings::parse_mix(std::string_view text) {
    if (text == "mean") {
        return Mix::mean;
    }
    if (text == "max") {
        return Mix::max;
    }
    if (text == "sum") {
        return Mix::sum;
    }
    throw UsageError{"--zones '" + std::string{text} +
                     "' is unknown: use mean (the average of all zones), max (the liveliest one) or sum"};
}

void ZoneSettings::add_weight(std::string_view text) {
    constexpr double most = 100.0;
    const auto equals = text.rfind('=');
    double weight = -1.0;
    if (equals != std::string_view::npos) {
        const auto number = text.substr(equals + 1);
        const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), weight);
        weight = error == std::errc{} && end == number.data() + number.size() ? weight : -1.0;
    }
    auto zone = text.substr(0, std::min(equals, text.size()));
    zone.remove_prefix(zone.starts_with('/') ? 1 : 0);
    if (zone.empty() || !(weight >= 0.0 && weight <= most)) {
        throw UsageError{"--zone-weight '" + std::string{text} +
                         "' is no zone with its weight: use NAME=NUMBER with a number from 0 to 100, e.g. cam2=0.5 "
                         "for /cam2/total_movement, or dance=2 for /dance/total_movement"};
    }
    weights[std::string{zone}] = weight;
}

MovementZones::Zone& MovementZones::zone(std::string_view name) {
    const auto found = std::find_if(zones_.begin(), zones_.end(), [&](const Zone& each) { return each.name == name; });
    if (found != zones_.end()) {
        return *found;
    }
    if (zones_.size() >= most_zones) {
        zones_.erase(std::min_element(zones_.begin(), zones_.end(),
                                      [](const Zone& a, const Zone& b) { return a.last_heard < b.last_heard; }));
    }
    return zones_.emplace_back(Zone{std::string{name}, {}, 0.0, 0.0});
}

double MovementZones::weight(std::string_view zone) const {
    const auto found = settings_.weights.find(zone);
    return found == settings_.weights.end() ? 1.0 : found->second;
}

void MovementZones::report(std::string_view name, double movement, double now_s) {
    auto& from = zone(name);
    from.window.add(movement, now_s);
    from.median = from.window.median(now_s).value_or(movement);
    from.last_heard = now_s;
}

std::vector<MovementZones::Level> MovementZones::levels(double now_s) const {
    std::vector<Level> result;
    for (const auto& each : zones_) {
        if (counts(each, now_s)) {
            result.push_back({each.name, each.window.median(now_s).value_or(each.median), weight(each.name)});
        }
    }
    std::sort(result.begin(), result.end(), [](const Level& a, const Level& b) { return a.zone < b.zone; });
    return result;
}

std::optional<double> MovementZones::movement(double now_s) const {
    const auto all = levels(now_s);
    if (all.empty()) {
        return {};
    }
    double weights = 0.0;
    double sum = 0.0;
    double most = 0.0;
    for (const auto& each : all) {
        weights += each.weight;
        sum += each.weight * each.movement;
        most = std::max(most, each.weight * each.movement);
    }
    switch (settings_.mix) {
    case ZoneSettings::Mix::max:
        return std::min(most, 1.0);
    case ZoneSettings::Mix::sum:
        return std::min(sum, 1.0);
    case ZoneSettings::Mix::mean:
        break;
    }
    return weights > 0.0 ? sum / weights : 0.0;
}

std::optional<double> MovementZones::fresh_movement(double now_s) const {
    const bool fresh = std::any_of(zones_.begin(), zones_.end(),
                                   [&](const Zone& each) { return each.window.median(now_s).has_value(); });
    return fresh ? movement(now_s) : std::nullopt;
}

}  // namespace crowdjack
