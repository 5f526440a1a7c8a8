// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/trace_columns.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <string>
#include <utility>

namespace crowdjack {

namespace {

struct Meaning {
    TraceColumn column;
    std::initializer_list<std::string_view> names;
};

const std::array<Meaning, 10> meanings{{
    {TraceColumn::time_s, {"time", "timestamp", "t", "seconds", "time_s", "sec", "s"}},
    {TraceColumn::time_ms, {"time_ms", "ms", "milliseconds", "timestamp_ms"}},
    {TraceColumn::frame, {"frame", "frame_number", "frames"}},
    {TraceColumn::total, {"value", "total", "total_movement", "movement", "signal", "magnitude"}},
    {TraceColumn::arms, {"arm", "arms", "arm_movement", "arms_movement"}},
    {TraceColumn::legs, {"leg", "legs", "leg_movement", "legs_movement"}},
    {TraceColumn::head, {"head", "head_movement"}},
    {TraceColumn::people, {"people", "person_count", "persons"}},
    {TraceColumn::event, {"event"}},
    {TraceColumn::argument, {"argument", "extra"}},
}};

constexpr std::array<std::string_view, 9> keypoints{"nose",  "eye", "ear",  "shoulder", "elbow",
                                                    "wrist", "hip", "knee", "ankle"};

std::string lower_case(std::string_view text) {
    std::string lower{text};
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lower;
}

std::optional<TraceColumn> meaning_of(const std::string& name) {
    for (const auto& meaning : meanings) {
        if (std::find(meaning.names.begin(), meaning.names.end(), name) != meaning.names.end()) {
            return meaning.column;
        }
    }
    const bool keypoint =
        std::any_of(keypoints.begin(), keypoints.end(), [&](std::string_view each) { return name.ends_with(each); });
    return keypoint ? std::optional{TraceColumn::keypoint} : std::nullopt;
}

UnitHint hint_of(const std::string& name) {
    const auto says = [&](std::string_view word) { return name.find(word) != std::string::npos; };
    if (says("percent") || says("pct") || says("%")) {
        return UnitHint::percent;
    }
    if (says("fraction")) {
        return UnitHint::fraction;
    }
    if (says("px") || says("pixel") || says("acc") || name == "g" || name.ends_with("_g") || name.ends_with("(g)") ||
        name.ends_with("[g]")) {
        return UnitHint::raw;
    }
    return UnitHint::none;
}

std::string_view trimmed(std::string_view field) noexcept {
    const auto unwanted = std::string_view{" \t\r\"'"};
    const auto first = field.find_first_not_of(unwanted);
    return first == std::string_view::npos ? std::string_view{}
                                           : field.substr(first, field.find_last_not_of(unwanted) - first + 1);
}

/// The first of comma, semicolon and tab; but what stands before a semicolon may be a number with a decimal comma.
char separator_of(std::string_view line) {
    const auto first = line.find_first_of(",;\t");
    const auto other = line.find_first_of(";\t");
    if (other != std::string_view::npos && field_number(trimmed(line.substr(0, other)))) {
        return line[other];
    }
    return first == std::string_view::npos ? ' ' : line[first];
}

}  // namespace

bool TraceLayout::has(TraceColumn column) const noexcept {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
}

std::vector<std::string_view> split_fields(std::string_view line) {
    const char between = separator_of(line);
    if (between == ' ') {
        line = trimmed(line);
    }
    std::vector<std::string_view> fields;
    while (true) {
        const auto end = line.find(between);
        const auto field = trimmed(line.substr(0, end));
        if (between != ' ' || !field.empty()) {
            fields.push_back(field);
        }
        if (end == std::string_view::npos) {
            return fields;
        }
        line.remove_prefix(end + 1);
    }
}

std::optional<double> field_number(std::string_view field) noexcept {
    std::array<char, 64> pointed{};
    if (const auto comma = field.find(','); comma != std::string_view::npos && field.size() <= pointed.size()) {
        std::copy(field.begin(), field.end(), pointed.begin());
        pointed[comma] = '.';
        field = {pointed.data(), field.size()};
    }
    double value = 0.0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    const bool whole = error == std::errc{} && end == field.data() + field.size() && std::isfinite(value);
    return whole ? std::optional{value} : std::nullopt;
}

TraceLayout layout_of_header(const std::vector<std::string_view>& names) {
    TraceLayout layout;
    std::vector<std::size_t> unknown;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto name = lower_case(names[i]);
        const auto column = meaning_of(name);
        layout.columns.push_back(column.value_or(TraceColumn::ignored));
        const bool is_time = column == TraceColumn::time_s || column == TraceColumn::time_ms;
        if (!column) {
            unknown.push_back(i);
        }
        if (!is_time && layout.hint == UnitHint::none) {
            layout.hint = hint_of(name);
        }
    }
    if (!layout.has(TraceColumn::total) && !layout.has(TraceColumn::keypoint)) {
        // time,accel_g or x,percent: whatever is not the time is the value.
        for (const auto i : unknown) {
            const bool first = i == 0 && names.size() > 1 && !layout.has(TraceColumn::time_s) &&
                               !layout.has(TraceColumn::time_ms) && !layout.has(TraceColumn::frame);
            layout.columns[i] = first ? TraceColumn::time_s : TraceColumn::total;
            if (!first) {
                break;
            }
        }
    }
    if (layout.has(TraceColumn::keypoint) && layout.hint == UnitHint::none) {
        layout.hint = UnitHint::raw;
    }
    return layout;
}

TraceLayout layout_of_width(std::size_t columns) {
    if (columns == 1) {
        return {{TraceColumn::total}, UnitHint::none};
    }
    TraceLayout layout{{TraceColumn::time_s}, columns > 2 ? UnitHint::raw : UnitHint::none};
    layout.columns.resize(columns, columns > 2 ? TraceColumn::keypoint : TraceColumn::total);
    return layout;
}

}  // namespace crowdjack
