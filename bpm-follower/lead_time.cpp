// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/lead_time.hpp"

#include <algorithm>

namespace crowdjack {

void LeadTime::answered(const std::string& deck, double round_trip_s, const Answer& answer) {
    auto& entry = decks_[deck];
    // The slowest answer and the deepest reserve count, but are forgotten by and by.
    entry.round_trip_s = std::clamp(std::max(round_trip_s, 0.9 * entry.round_trip_s), 0.0, slowest_answer_s);
    const double lately = entry.reserve_s.value_or(0.0);
    entry.reserve_s = std::clamp(std::max(answer.reserve_s, 0.9 * lately), 0.0, deepest_reserve_s);
    const bool came_late = entry.late_lines && answer.late_lines > *entry.late_lines;
    entry.late_s = came_late ? std::min(entry.late_s + late_step_s, longest_s) : 0.99 * entry.late_s;
    entry.late_lines = answer.late_lines;
}

Frames LeadTime::lead(std::uint32_t period, double rate) const {
    double reserve_s = 0.0;
    double round_trip_s = 0.0;
    double spare_s = 0.0;
    for (const auto& [name, deck] : decks_) {
        reserve_s = std::max(reserve_s, deck.reserve_s.value_or(assumed_reserve_s));
        round_trip_s = std::max(round_trip_s, deck.round_trip_s);
        spare_s = std::max(spare_s, margin_s + deck.late_s);
    }
    const double period_s = static_cast<double>(period) / rate;
    const double wanted_s = reserve_s + 2.0 * round_trip_s + spare_s + 3.0 * period_s;
    const double needed_s = reserve_s + 2.0 * period_s;
    return to_frames(Seconds{std::min(wanted_s, std::max(needed_s, longest_s))}, rate);
}

}  // namespace crowdjack
