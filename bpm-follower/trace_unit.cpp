// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/trace_unit.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace crowdjack {

namespace {

constexpr double full_percentile = 0.98;

/// Rounded to three digits: a maximum that was found out is no more exact than that, and people are to repeat it.
double three_digits(double value) {
    const double scale = value > 0.0 ? std::pow(10.0, 2.0 - std::floor(std::log10(value))) : 1.0;
    return std::round(value * scale) / scale;
}

}  // namespace

SettledUnit settle_unit(std::vector<double> totals, UnitHint hint, const std::optional<MovementUnit>& declared) {
    if (declared) {
        return {*declared, "declared"};
    }
    std::sort(totals.begin(), totals.end());
    const double most = totals.back();
    const bool named = hint != UnitHint::none;
    const std::string reason = named ? "named by its column" : "found out from its largest value";
    if (hint == UnitHint::percent || (!named && most > 1.0 && most <= 100.0)) {
        return {{MovementUnit::Kind::percent, 100.0}, reason};
    }
    if (hint == UnitHint::raw || (!named && most > 100.0)) {
        const auto place = static_cast<std::size_t>(full_percentile * static_cast<double>(totals.size() - 1));
        const double full = three_digits(totals[place]);
        return {{MovementUnit::Kind::raw, full > 0.0 ? full : 1.0}, reason + ", full movement is the 98th percentile"};
    }
    return {{}, reason};
}

}  // namespace crowdjack
