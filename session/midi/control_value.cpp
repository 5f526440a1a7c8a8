// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/midi/control_value.hpp"

#include "common/error.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace crowdjack::midi {

namespace {

constexpr double quietest_db = -60.0;
constexpr double log_floor = 1e-3;  ///< of the greater end

double decibels(double gain) { return 20.0 * std::log10(gain); }

/// From `low` (0…) to `high` for a position of 0…1; both ends positive, or one of them 0.
double along_log(double low, double high, double position) {
    const double floor = std::max(low, high) * log_floor;
    const double begin = std::max(low, floor);
    const double end = std::max(high, floor);
    return begin * std::pow(end / begin, position);
}

}  // namespace

Curve parse_curve(std::string_view text) {
    if (text == "linear") {
        return Curve::linear;
    }
    if (text == "log") {
        return Curve::log;
    }
    if (text == "fader") {
        return Curve::fader;
    }
    throw UsageError{"curve '" + std::string{text} + "' must be linear, log or fader"};
}

double Scale::value(double position) const noexcept {
    const double p = std::clamp(position, 0.0, 1.0);
    if (curve == Curve::linear || p == 0.0 || p == 1.0) {
        return low + (high - low) * p;
    }
    if (curve == Curve::log) {
        return along_log(low, high, p);
    }
    const double top = decibels(std::max({low, high, 1e-6}));
    const double way = high >= low ? p : 1.0 - p;
    return std::clamp(std::pow(10.0, (quietest_db + (top - quietest_db) * way) / 20.0), std::min(low, high),
                      std::max(low, high));
}

double Scale::position(double value) const noexcept {
    if (low == high) {
        return 0.0;
    }
    const double v = std::clamp(value, std::min(low, high), std::max(low, high));
    double p = (v - low) / (high - low);
    if (curve == Curve::log && v > 0.0) {
        const double floor = std::max(low, high) * log_floor;
        const double begin = std::max(low, floor);
        const double end = std::max(high, floor);
        p = std::log(std::max(v, floor) / begin) / std::log(end / begin);
    } else if (curve == Curve::fader) {
        const double top = decibels(std::max({low, high, 1e-6}));
        const double way = v <= 0.0 ? 0.0 : (decibels(v) - quietest_db) / (top - quietest_db);
        p = high >= low ? way : 1.0 - way;
    }
    return std::clamp(p, 0.0, 1.0);
}

void Pickup::parameter_at(double position) noexcept {
    const bool known = parameter_.has_value();
    parameter_ = position;
    if (!control_) {
        holds_ = false;
        return;
    }
    // Where the control put it, give or take what a scale's rounding does: it still holds.
    if (!known || std::abs(position - *control_) > reach) {
        holds_ = std::abs(position - *control_) <= reach;
    }
}

bool Pickup::moved_to(double position) noexcept {
    const std::optional<double> before = std::exchange(control_, position);
    if (!parameter_) {
        return holds_ = true;  // nobody said where it stands
    }
    const bool there = std::abs(position - *parameter_) <= reach;
    const bool passed = before && (*before - *parameter_) * (position - *parameter_) <= 0.0;
    holds_ = holds_ || there || passed;
    if (holds_) {
        parameter_ = position;
    }
    return holds_;
}

}  // namespace crowdjack::midi
