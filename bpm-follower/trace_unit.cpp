// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/trace_unit.hpp"

#include "bpm-follower/source_units.hpp"
#include "common/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace crowdjack {

namespace {

constexpr double full_percentile = 0.98;
constexpr double large_in_trace = 2.0;
constexpr std::size_t evidence_length = 20;

/// Rounded to three digits: a maximum that was found out is no more exact than that, and people are to repeat it.
double three_digits(double value) {
    const double scale = value > 0.0 ? std::pow(10.0, 2.0 - std::floor(std::log10(value))) : 1.0;
    return std::round(value * scale) / scale;
}

bool are_no_fractions(const std::vector<double>& totals) {
    const auto large = [](double value) { return value > large_in_trace; };
    if (totals.size() < evidence_length) {
        return 2 * std::count_if(totals.begin(), totals.end(), large) >= static_cast<std::ptrdiff_t>(totals.size());
    }
    UnitEvidence evidence;
    return std::any_of(totals.begin(), totals.end(), [&](double value) {
        evidence.add(large(value));
        return evidence.is_no_fraction();
    });
}

/// All but the highest two in a hundred lie at or below it; of a few values it is the largest.
double highest_but_outliers(std::vector<double> totals) {
    std::sort(totals.begin(), totals.end());
    const auto place = std::ceil(full_percentile * static_cast<double>(totals.size() - 1));
    return totals[static_cast<std::size_t>(place)];
}

void refuse_between(const std::vector<double>& totals, const std::string& name) {
    const auto above = std::count_if(totals.begin(), totals.end(), [](double value) { return value > 1.0; });
    if (4 * above > static_cast<std::ptrdiff_t>(totals.size())) {
        throw Failure{
            name + ": " + std::to_string(above) + " of " + std::to_string(totals.size()) +
            " reports lie above 1, too many for fractions, and not above 2, too few for percent: say what they "
            "count in, --unit raw:MAX, or --unit accel for the length of an acceleration"};
    }
}

}  // namespace

SettledUnit settle_unit(const std::vector<double>& totals, UnitHint hint, bool keypoints,
                        const std::optional<MovementUnit>& declared, const std::string& name) {
    if (declared) {
        return {*declared, "declared"};
    }
    const double most = highest_but_outliers(totals);
    const bool named = hint != UnitHint::none;
    const bool sign = hint == UnitHint::percent_sign;
    const bool other = !named && !keypoints && are_no_fractions(totals);
    const std::string reason = keypoints ? "keypoints are in pixels"
                               : sign    ? "written with a percent sign"
                               : named   ? "named by its column"
                                         : "found out from its values";
    if (hint == UnitHint::percent || sign || (other && most <= 100.0)) {
        return {{MovementUnit::Kind::percent, 100.0}, reason};
    }
    if (keypoints || hint == UnitHint::raw || hint == UnitHint::acceleration || other) {
        const double full = three_digits(most);
        return {{MovementUnit::Kind::raw, full > 0.0 ? full : 1.0}, reason + ", full movement is the 98th percentile"};
    }
    if (!named) {
        refuse_between(totals, name);
    }
    return {{}, reason};
}

}  // namespace crowdjack
