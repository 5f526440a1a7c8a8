// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/movement.hpp"

#include "common/error.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace crowdjack {

namespace {

constexpr double restart_silence_s = 5.0;
constexpr double most_percent = 100.0;

/// A number without a tail of zeros: 50, 0.6.
std::string plain(double number) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    return {text.data(), end};
}

}  // namespace

MovementUnit MovementUnit::parse(std::string_view text) {
    if (text == "fraction") {
        return {Kind::fraction, 1.0};
    }
    if (text == "percent") {
        return {Kind::percent, most_percent};
    }
    if (text.starts_with("raw:")) {
        const auto number = text.substr(4);
        double full = 0.0;
        const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), full);
        if (error == std::errc{} && end == number.data() + number.size() && std::isfinite(full) && full > 0.0) {
            return {Kind::raw, full};
        }
    }
    throw UsageError{"--unit '" + std::string{text} +
                     "' is no movement unit: use fraction (0…1), percent (0…100) or raw:MAX with the value that "
                     "means full movement, e.g. raw:600"};
}

std::string MovementUnit::name() const {
    switch (kind) {
    case Kind::fraction:
        return "fraction";
    case Kind::percent:
        return "percent";
    case Kind::raw:
        break;
    }
    return "raw:" + plain(full);
}

double MovementUnit::fraction_of(double value) const noexcept { return std::clamp(value / full, 0.0, 1.0); }

SourceUnits::Known& SourceUnits::known(MovementSource source, double now) {
    const auto found =
        std::find_if(sources_.begin(), sources_.end(), [&](const Known& each) { return each.source == source; });
    if (found != sources_.end()) {
        return *found;
    }
    const Known fresh = newcomer(source, now);
    if (sources_.size() < most_sources) {
        return sources_.emplace_back(fresh);
    }
    auto& oldest = *std::min_element(sources_.begin(), sources_.end(),
                                     [](const Known& a, const Known& b) { return a.last_heard < b.last_heard; });
    oldest = fresh;
    return oldest;
}

SourceUnits::Known SourceUnits::newcomer(MovementSource source, double now) const {
    const Known* latest = nullptr;
    const Known* before = nullptr;
    for (const auto& each : sources_) {
        if (each.source.host != source.host) {
            continue;
        }
        if (latest == nullptr || each.last_heard >= latest->last_heard) {
            before = std::exchange(latest, &each);
        } else if (before == nullptr || each.last_heard >= before->last_heard) {
            before = &each;
        }
    }
    const auto one_percent_report = [](const Known* each) {
        return each != nullptr && each->beyond_one && each->reports == 1;
    };
    const bool restarted = latest != nullptr && latest->beyond_one && now - latest->last_heard >= restart_silence_s;
    const bool port_each_time = one_percent_report(latest) && one_percent_report(before);
    return {source, restarted || port_each_time, !restarted && port_each_time, now, 0};
}

SourceUnits::Notice SourceUnits::once_per_host(Notice notice, std::uint32_t host) {
    const std::pair entry{host, notice};
    if (std::find(said_.begin(), said_.end(), entry) != said_.end() || said_.size() >= most_sources) {
        return Notice::none;
    }
    said_.push_back(entry);
    return notice;
}

SourceUnits::Reading SourceUnits::read(MovementSource source, double value, double now) {
    if (settled_) {
        return value < 0.0 ? Reading{{}, once_per_host(Notice::out_of_range, source.host)}
                           : Reading{settled_->fraction_of(value), Notice::none};
    }
    const bool percent = above_one_.kind != MovementUnit::Kind::raw;
    if (value < 0.0 || (percent && value > most_percent)) {
        return {{}, once_per_host(Notice::out_of_range, source.host)};
    }
    auto& from = known(source, now);
    from.last_heard = now;
    if (++from.reports == 2 && std::exchange(from.presumed, false)) {
        from.beyond_one = false;
    }
    auto notice = Notice::none;
    from.presumed = from.presumed && value <= 1.0;
    if (value > 1.0 && !from.beyond_one) {
        from.beyond_one = true;
        notice = once_per_host(percent ? Notice::percent_found : Notice::raw_found, source.host);
    }
    return {from.beyond_one ? above_one_.fraction_of(value) : value, notice};
}

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
