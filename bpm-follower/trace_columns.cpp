// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/trace_columns.hpp"

#include "bpm-follower/trace_axes.hpp"
#include "bpm-follower/trace_time.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <initializer_list>
#include <utility>

namespace crowdjack {

namespace {

struct Meaning {
    TraceColumn column;
    std::initializer_list<std::string_view> names;
};

/// Names without their brackets, words joined with `_`.
const std::array<Meaning, 11> meanings{{
    {TraceColumn::time, {"time",       "timestamp",   "t",         "seconds",   "time_s",          "sec",
                         "s",          "datetime",    "date_time", "clock",     "time_of_day",     "utc",
                         "iso",        "iso8601",     "elapsed",   "elapsed_s", "seconds_elapsed", "timestamp_s",
                         "local_time", "logging_time"}},
    {TraceColumn::time_ms, {"time_ms", "ms", "milliseconds", "timestamp_ms", "elapsed_ms", "epoch_ms", "t_ms"}},
    {TraceColumn::frame, {"frame", "frame_number", "frames"}},
    {TraceColumn::total, {"value", "total", "total_movement", "movement", "signal", "magnitude", "motion", "activity"}},
    {TraceColumn::arms, {"arm", "arms", "arm_movement", "arms_movement"}},
    {TraceColumn::legs, {"leg", "legs", "leg_movement", "legs_movement"}},
    {TraceColumn::head, {"head", "head_movement"}},
    {TraceColumn::people, {"people", "person_count", "persons"}},
    {TraceColumn::event, {"event"}},
    {TraceColumn::argument, {"argument", "extra"}},
    {TraceColumn::zone, {"zone"}},
}};

constexpr std::array<std::string_view, 9> keypoints{"nose",  "eye", "ear",  "shoulder", "elbow",
                                                    "wrist", "hip", "knee", "ankle"};

std::string lower_case(std::string_view text) {
    std::string lower{text};
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return lower;
}

std::string without_brackets(std::string_view name) { return std::string{name.substr(0, name.find_first_of("([{"))}; }

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) {
        text += (text.empty() ? "" : "_") + word;
    }
    return text;
}

UnitHint hint_of(const std::string& name) {
    const auto says = [&](std::string_view word) { return name.find(word) != std::string::npos; };
    if (says("percent") || says("pct") || says("%")) {
        return UnitHint::percent;
    }
    if (says("fraction")) {
        return UnitHint::fraction;
    }
    if (says("acc") || name == "g" || name.ends_with("_g") || name.ends_with("(g)") || name.ends_with("[g]")) {
        return UnitHint::acceleration;
    }
    return says("px") || says("pixel") ? UnitHint::raw : UnitHint::none;
}

std::optional<TraceColumn> meaning_of(std::string_view name) {
    const std::string lower = lower_case(name);
    // As it stands, too: the words of `timestampS` and of `LeftEye` are more than one.
    for (const auto& spelling : {joined(words_of(without_brackets(name))), without_brackets(lower), lower}) {
        for (const auto& meaning : meanings) {
            if (std::find(meaning.names.begin(), meaning.names.end(), spelling) != meaning.names.end()) {
                return meaning.column;
            }
        }
    }
    const bool keypoint =
        std::any_of(keypoints.begin(), keypoints.end(), [&](std::string_view each) { return lower.ends_with(each); });
    return keypoint ? std::optional{TraceColumn::keypoint} : std::nullopt;
}

/// A name with a unit or the word movement in it: `movement_percent`, `accel_mean`, `acc_g`, `pct`.
bool names_movement(const std::string& name) {
    return hint_of(name) != UnitHint::none || name.find("movement") != std::string::npos ||
           name.find("motion") != std::string::npos;
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
    if (other != std::string_view::npos && trace_time(trimmed(line.substr(0, other)))) {
        return line[other];
    }
    return first == std::string_view::npos ? ' ' : line[first];
}

/// Where the first field of a line ends: what stands in quotes may hold the separator.
std::size_t end_of_field(std::string_view line, char between) {
    const auto first = line.find_first_not_of(" \t");
    std::size_t from = 0;
    if (between != ' ' && first != std::string_view::npos && line[first] == '"') {
        const auto closing = line.find('"', first + 1);
        from = closing == std::string_view::npos ? 0 : closing;
    }
    return line.find(between, from);
}

/// The column of the movement, where no name says so exactly.
void find_total(const std::vector<std::string>& names, TraceLayout& layout) {
    if (layout.has(TraceColumn::total) || layout.has(TraceColumn::keypoint) || layout.axes != TraceLayout::Axes::none) {
        return;
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (layout.columns[i] == TraceColumn::ignored && names_movement(lower_case(names[i]))) {
            layout.columns[i] = TraceColumn::total;
            return;
        }
    }
}

}  // namespace

bool TraceLayout::has(TraceColumn column) const noexcept {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
}

bool TraceLayout::timed() const noexcept {
    return has(TraceColumn::time) || has(TraceColumn::time_ms) || has(TraceColumn::frame);
}

bool TraceLayout::has_movement() const noexcept {
    return has(TraceColumn::total) || has(TraceColumn::keypoint) || has(TraceColumn::event) || axes != Axes::none;
}

SplitLine split_fields(std::string_view line) {
    const char between = separator_of(line);
    if (between == ' ') {
        line = trimmed(line);
    }
    SplitLine result{between, {}};
    while (true) {
        const auto end = end_of_field(line, between);
        const auto field = trimmed(line.substr(0, end));
        if (between != ' ' || !field.empty()) {
            result.fields.push_back(field);
        }
        if (end == std::string_view::npos) {
            if (result.fields.empty()) {  // a lone quote
                result.fields.emplace_back();
            }
            return result;
        }
        line.remove_prefix(end + 1);
    }
}

std::optional<TraceLayout> layout_of_header(const SplitLine& header) {
    TraceLayout layout;
    layout.between = header.between;
    std::vector<std::string> names;
    for (const auto& field : header.fields) {
        names.emplace_back(field);
        layout.columns.push_back(meaning_of(field).value_or(TraceColumn::ignored));
    }
    mark_axes(names, layout);
    find_total(names, layout);
    const bool known = std::any_of(layout.columns.begin(), layout.columns.end(),
                                   [](TraceColumn column) { return column != TraceColumn::ignored; });
    if (!known) {
        return {};
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (layout.columns[i] == TraceColumn::total && layout.hint == UnitHint::none) {
            layout.hint = hint_of(lower_case(names[i]));
        }
    }
    return layout;
}

std::optional<TraceLayout> layout_of_width(const SplitLine& row) {
    TraceLayout layout;
    layout.between = row.between;
    using enum TraceColumn;
    switch (row.fields.size()) {
    case 1:
        layout.columns = {total};
        return layout;
    case 2:
        layout.columns = {time, total};
        return layout;
    case 7:
        layout.columns = {time, axis_x, axis_y, axis_z, other_x, other_y, other_z};
        layout.axes = TraceLayout::Axes::bare;
        return layout;
    case 4:
        layout.columns = {time, axis_x, axis_y, axis_z};
        layout.axes = TraceLayout::Axes::bare;
        return layout;
    default:
        return {};
    }
}

}  // namespace crowdjack
