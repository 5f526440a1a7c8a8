// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/trace_thinning.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace crowdjack {

namespace {

constexpr double dense_per_second = 2.5;
constexpr std::size_t few_reports = 10;

bool is_dense(const std::vector<TraceEvent>& events) {
    const auto totals = static_cast<std::size_t>(std::count_if(
        events.begin(), events.end(), [](const TraceEvent& each) { return each.kind == TraceEvent::Kind::total; }));
    const double seconds = events.empty() ? 0.0 : events.back().time_s - events.front().time_s;
    return totals > few_reports && static_cast<double>(totals - 1) > dense_per_second * seconds;
}

double median(std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

bool thin_dense_reports(std::vector<TraceEvent>& events) {
    if (!is_dense(events)) {
        return false;
    }
    std::vector<TraceEvent> thinned;
    std::map<std::pair<TraceEvent::Kind, std::string>, std::vector<double>> second;
    const double first = events.front().time_s;
    for (std::size_t i = 0; i < events.size(); ++i) {
        const auto& event = events[i];
        second[{event.kind, event.zone}].push_back(event.value);
        const bool last =
            i + 1 == events.size() || std::floor(events[i + 1].time_s - first) > std::floor(event.time_s - first);
        for (auto each = second.begin(); last && each != second.end(); each = second.erase(each)) {
            thinned.push_back({event.time_s, each->first.first, median(each->second), 0.0, each->first.second});
        }
    }
    events = std::move(thinned);
    return true;
}

}  // namespace crowdjack
