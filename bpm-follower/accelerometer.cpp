// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/accelerometer.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <deque>
#include <utility>

namespace crowdjack {

namespace {

constexpr double report_every_s = 1.0;
constexpr double smoothing_s = 2.0;
constexpr double slow_mean_s = 1.0;
constexpr double longest_gap_s = 5.0;
constexpr double noise_g = 0.02;
constexpr double full_g = 0.8;
constexpr double standard_gravity = 9.80665;

double length(const std::array<double, 3>& vector) noexcept { return std::hypot(vector[0], vector[1], vector[2]); }

double quantile(std::vector<double> values, double part) {
    const auto place = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), values.begin() + place, values.end());
    return values[static_cast<std::size_t>(place)];
}

/// A vector that stands still is 1 g long in one of the units that sensors use: g, m/s², mg.
bool looks_like_gravity(double median) noexcept {
    constexpr double tolerance = 0.25;
    constexpr std::array units{1.0, standard_gravity, 1000.0};
    return std::any_of(units.begin(), units.end(),
                       [&](double unit) { return std::abs(median / unit - 1.0) < tolerance; });
}

std::vector<double> lengths_of(const std::vector<AccelSample>& samples, bool of_other) {
    std::vector<double> lengths;
    for (const auto& each : samples) {
        if (!of_other || each.other) {
            lengths.push_back(length(of_other ? *each.other : each.axes));
        }
    }
    return lengths;
}

/// A gravity vector turns, but its length stays.
bool is_pure_gravity(const std::vector<double>& lengths) {
    constexpr double steady = 0.05;
    const double median = quantile(lengths, 0.5);
    return looks_like_gravity(median) && quantile(lengths, 0.95) - quantile(lengths, 0.05) < steady * median;
}

}  // namespace

std::optional<Accelerometer> Accelerometer::of(const std::vector<AccelSample>& samples, const TraceLayout& layout,
                                               bool declared) {
    using Axes = TraceLayout::Axes;
    const auto lengths = lengths_of(samples, false);
    const auto others = lengths_of(samples, true);
    const double median = quantile(lengths, 0.5);
    // Three shares of one movement could be about 1 long, too, but none is ever negative.
    const bool signed_axes = std::any_of(samples.begin(), samples.end(), [](const AccelSample& each) {
        return *std::min_element(each.axes.begin(), each.axes.end()) < 0.0;
    });
    if (layout.axes == Axes::bare && !declared && !signed_axes) {
        return {};
    }
    const bool gravity_beside = others.size() == samples.size() && is_pure_gravity(others) && !is_pure_gravity(lengths);
    if (layout.axes != Axes::user && looks_like_gravity(median)) {
        return Accelerometer{Gravity::inside, false, 1.0};
    }
    if (layout.axes != Axes::named && gravity_beside) {
        return Accelerometer{Gravity::inside, true, 1.0};
    }
    if (layout.axes == Axes::bare && !declared) {
        return {};
    }
    // Gravity is longer than what moves a resting or walking phone, so the length hardly falls below half its median.
    if (layout.axes != Axes::user && quantile(lengths, 0.05) > 0.5 * median && median > 0.0) {
        return Accelerometer{Gravity::inside, false, 1.0};
    }
    const bool metric = layout.metric || quantile(lengths, 0.95) > 4.0;
    return Accelerometer{Gravity::taken_away, false, metric ? standard_gravity : 1.0};
}

std::vector<AccelReport> Accelerometer::reports(const std::vector<AccelSample>& samples) const {
    std::vector<double> lengths;
    lengths.reserve(samples.size());
    for (const auto& each : samples) {
        auto vector = each.axes;
        for (std::size_t axis = 0; add_other && each.other && axis < vector.size(); ++axis) {
            vector[axis] += (*each.other)[axis];
        }
        lengths.push_back(length(vector));
    }
    const double median = lengths.empty() ? 1.0 : quantile(lengths, 0.5);
    const double unit = gravity == Gravity::inside && median > 0.0 ? median : unit_g;

    std::vector<AccelReport> result;
    std::deque<std::pair<double, double>> changes;  ///< of the last 2 s
    double sum = 0.0;
    double slow = 1.0;
    double next_report = samples.empty() ? 0.0 : samples.front().time_s + report_every_s;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double now = samples[i].time_s;
        const double in_g = lengths[i] / unit;
        const double passed = i == 0 ? longest_gap_s : now - samples[i - 1].time_s;
        slow = passed >= longest_gap_s ? in_g : slow + (in_g - slow) * (1.0 - std::exp(-passed / slow_mean_s));
        const double change = gravity == Gravity::inside ? std::abs(in_g - slow) : in_g;
        changes.emplace_back(now, change);
        sum += change;
        while (now - changes.front().first > smoothing_s) {
            sum -= changes.front().second;
            changes.pop_front();
        }
        if (now >= next_report) {
            const double mean = std::max(0.0, sum / static_cast<double>(changes.size()));
            result.push_back({now, std::clamp((mean - noise_g) / full_g, 0.0, 1.0)});
            next_report = std::max(next_report + report_every_s, now);
        }
    }
    return result;
}

}  // namespace crowdjack
