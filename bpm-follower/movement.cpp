// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/movement.hpp"

#include "common/error.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

namespace crowdjack {

namespace {

constexpr double most_percent = 100.0;

/// A number without a tail of zeros: 50, 0.6.
std::string plain(double number) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    return {text.data(), end};
}

}  // namespace

std::optional<MovementUnit> MovementUnit::named(std::string_view text) noexcept {
    if (text == "fraction") {
        return MovementUnit{Kind::fraction, 1.0};
    }
    if (text == "percent") {
        return MovementUnit{Kind::percent, most_percent};
    }
    if (text.starts_with("raw:")) {
        const auto number = text.substr(4);
        double full = 0.0;
        const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), full);
        if (error == std::errc{} && end == number.data() + number.size() && std::isfinite(full) && full > 0.0) {
            return MovementUnit{Kind::raw, full};
        }
    }
    return {};
}

MovementUnit MovementUnit::parse(std::string_view text) {
    if (text == "accel") {
        return {Kind::acceleration, 1.0};
    }
    if (const auto unit = named(text)) {
        return *unit;
    }
    throw UsageError{"--unit '" + std::string{text} +
                     "' is no movement unit: use fraction (0…1), percent (0…100), raw:MAX with the value that "
                     "means full movement, e.g. raw:600, or accel for the recorded axes of an accelerometer"};
}

std::string MovementUnit::name() const {
    switch (kind) {
    case Kind::fraction:
        return "fraction";
    case Kind::percent:
        return "percent";
    case Kind::acceleration:
        return "accel";
    case Kind::raw:
        break;
    }
    return "raw:" + plain(full);
}

double MovementUnit::fraction_of(double value) const noexcept { return std::clamp(value / full, 0.0, 1.0); }

void ReportWindow::add(double value, double now) noexcept {
    reports_[next_] = {value, now};
    next_ = (next_ + 1) % size;
    count_ = std::min(count_ + 1, size);
}

ReportWindow::Fresh ReportWindow::fresh(double now) const noexcept {
    Fresh result;
    for (std::size_t i = 0; i < count_; ++i) {
        const auto& report = reports_[(next_ + size - 1 - i) % size];
        if (now - report.when <= longest_age_s) {
            result.values[result.count++] = report.value;
        }
    }
    return result;
}

std::optional<double> ReportWindow::median(double now) const noexcept {
    auto [values, count] = fresh(now);
    if (count == 0) {
        return {};
    }
    std::fill(values.begin() + static_cast<std::ptrdiff_t>(count), values.end(),
              std::numeric_limits<double>::infinity());
    std::sort(values.begin(), values.end());
    return 0.5 * (values[(count - 1) / 2] + values[count / 2]);
}

std::optional<double> ReportWindow::mean(double now) const noexcept {
    const auto [values, count] = fresh(now);
    if (count == 0) {
        return {};
    }
    const auto end = values.begin() + static_cast<std::ptrdiff_t>(count);
    return std::accumulate(values.begin(), end, 0.0) / static_cast<double>(count);
}

}  // namespace crowdjack
