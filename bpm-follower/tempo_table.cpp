// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/tempo_table.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

/// Reports arrive as 32-bit floats, where 0.02 is 0.0199999996: a report at the threshold is on it.
constexpr double float_slack = 1e-6;

}  // namespace

TempoTable::TempoTable(const TableSettings& settings)
    : steps_{{0.0, settings.bpm_very_very_low},
             {settings.very_very_low, settings.bpm_very_low},
             {settings.very_low, settings.bpm_low},
             {settings.low, settings.bpm_medium}} {
    const double range = settings.bpm_high_max - settings.bpm_medium;
    const double span = settings.top - settings.medium;
    const auto count = static_cast<int>(std::ceil(std::abs(range) / step_bpm - 1e-9));
    for (int k = 1; k <= count; ++k) {
        const double rise = std::min(k * step_bpm, std::abs(range));
        const double nearer_from = (k - 0.5) * step_bpm / std::abs(range);
        steps_.push_back(
            {settings.medium + span * std::min(nearer_from, 1.0), settings.bpm_medium + std::copysign(rise, range)});
    }
}

std::size_t TempoTable::highest(double m) const noexcept {
    const auto above = std::upper_bound(steps_.begin() + 1, steps_.end(), m + float_slack,
                                        [](double movement, const Step& step) { return movement < step.from; });
    return static_cast<std::size_t>(above - steps_.begin()) - 1;
}

std::size_t TempoTable::step_of(double m, std::optional<std::size_t> current) const noexcept {
    const auto plain = highest(m);
    if (!current || plain >= *current) {
        return plain;
    }
    return std::min(highest(m + hysteresis), *current);
}

}  // namespace crowdjack
