// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/source_units.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

namespace crowdjack {

namespace {

/// The least value that no detector of fractions sends again and again.
constexpr double large_value = 2.0;

/// Has this reading just shown that the series is none of fractions?
template <typename Series>
bool shows_unit(Series& series, bool large) {
    series.evidence.add(large);
    const bool shown = !series.found && large && series.evidence.is_no_fraction();
    series.found = series.found || shown;
    return shown;
}

}  // namespace

std::string MovementSource::name() const {
    std::array<char, INET_ADDRSTRLEN> text{};
    const in_addr address{host};
    ::inet_ntop(AF_INET, &address, text.data(), text.size());
    return std::string{text.data()} + ":" + std::to_string(port);
}

std::optional<MovementSource> MovementSource::named(const std::string& name) {
    const auto colon = name.find(':');
    in_addr address{};
    MovementSource source;
    if (colon == std::string::npos || ::inet_pton(AF_INET, name.substr(0, colon).c_str(), &address) != 1) {
        return {};
    }
    const auto* const end = name.data() + name.size();
    const auto [stopped, error] = std::from_chars(name.data() + colon + 1, end, source.port);
    source.host = address.s_addr;
    return error == std::errc{} && stopped == end ? std::optional{source} : std::nullopt;
}

double SourceUnits::least_large() const noexcept { return std::min(large_value, 0.5 * (1.0 + above_one_.full)); }

SourceUnits::Known& SourceUnits::known(MovementSource source, double now) {
    const auto found =
        std::find_if(sources_.begin(), sources_.end(), [&](const Known& each) { return each.source == source; });
    if (found != sources_.end()) {
        return *found;
    }
    const Known fresh{source, {}, false, now, 0};
    if (sources_.size() < most_sources) {
        return sources_.emplace_back(fresh);
    }
    // Ports that were used once go before a detector that has been silent for a while.
    auto& oldest = *std::min_element(sources_.begin(), sources_.end(), [](const Known& a, const Known& b) {
        return std::tuple{a.reports > 1, a.last_heard} < std::tuple{b.reports > 1, b.last_heard};
    });
    oldest = fresh;
    return oldest;
}

SourceUnits::FirstReports& SourceUnits::first_reports(std::uint32_t host) {
    const auto found = std::find_if(first_reports_.begin(), first_reports_.end(),
                                    [&](const FirstReports& each) { return each.host == host; });
    if (found != first_reports_.end()) {
        return *found;
    }
    if (first_reports_.size() >= most_sources) {
        first_reports_.erase(first_reports_.begin());
    }
    return first_reports_.emplace_back(FirstReports{host, {}, false});
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
    if (value < 0.0) {
        return {{}, once_per_host(Notice::below_nothing, source.host)};
    }
    auto& from = known(source, now);
    from.last_heard = now;
    ++from.reports;
    if (settled_) {
        return {settled_->fraction_of(value), Notice::none};
    }
    const bool large = value > least_large();
    bool shown = shows_unit(from, large);
    bool found = from.found;
    if (from.reports == 1) {
        auto& first = first_reports(source.host);
        shown = shows_unit(first, large);
        found = found || first.found;
    }
    if (!found) {
        return {MovementUnit{}.fraction_of(value), Notice::none};
    }
    const bool too_much = value > above_one_.full && above_one_.kind == MovementUnit::Kind::percent;
    return {above_one_.fraction_of(value), shown      ? Notice::unit_found
                                           : too_much ? once_per_host(Notice::above_full, source.host)
                                                      : Notice::none};
}

void SourceUnits::settle(std::optional<MovementUnit> unit) {
    settled_ = unit;
    sources_.clear();
    first_reports_.clear();
    said_.clear();
}

std::string SourceUnits::unit_in_use() const {
    if (settled_) {
        return settled_->name();
    }
    const auto found = std::count_if(sources_.begin(), sources_.end(), [](const Known& each) { return each.found; });
    if (found == 0) {
        return MovementUnit{}.name();
    }
    return static_cast<std::size_t>(found) == sources_.size() ? above_one_.name() : "mixed";
}

std::vector<MovementSource> SourceUnits::found() const {
    std::vector<MovementSource> result;
    for (const auto& each : sources_) {
        if (each.found) {
            result.push_back(each.source);
        }
    }
    return result;
}

void SourceUnits::restore(const std::vector<MovementSource>& found) {
    for (const auto& source : found) {
        if (sources_.size() < most_sources) {
            // More than one report: it is a source that was heard again and again.
            sources_.push_back({source, {}, true, 0.0, 2});
        }
    }
}

}  // namespace crowdjack
