// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/trace_row.hpp"

#include <algorithm>
#include <cstddef>

namespace crowdjack {

namespace {

std::optional<TraceTime> scaled(std::optional<double> number, double scale) {
    return number ? std::optional{TraceTime{*number * scale, false}} : std::nullopt;
}

std::size_t place_of(TraceColumn column, TraceColumn first) noexcept {
    return static_cast<std::size_t>(column) - static_cast<std::size_t>(first);
}

std::optional<double> movement_of(std::string_view field, TraceRow& row) {
    const auto percent = percent_number(field);
    row.percent = row.percent || percent;
    return percent ? percent : field_number(field);
}

void take_field(TraceColumn column, std::string_view field, TraceRow& row, std::vector<double>& keypoints) {
    const auto value = field_number(field);
    switch (column) {
    case TraceColumn::time:
        row.time = trace_time(field);
        break;
    case TraceColumn::time_ms:
        row.time = scaled(value, 1e-3);
        break;
    case TraceColumn::frame:
        row.time = scaled(value, 1.0 / TraceRow::pose_frames_per_second);
        break;
    case TraceColumn::total:
        row.total = movement_of(field, row);
        break;
    case TraceColumn::arms:
    case TraceColumn::legs:
    case TraceColumn::head:
        row.limbs[place_of(column, TraceColumn::arms)] = movement_of(field, row);
        break;
    case TraceColumn::people:
        row.people = value;
        break;
    case TraceColumn::keypoint:
        row.bad = row.bad || (!value && !field.empty());
        if (value && *value != 0.0) {
            keypoints.push_back(*value);
        }
        break;
    case TraceColumn::axis_x:
    case TraceColumn::axis_y:
    case TraceColumn::axis_z:
        row.axes[place_of(column, TraceColumn::axis_x)] = value;
        break;
    case TraceColumn::other_x:
    case TraceColumn::other_y:
    case TraceColumn::other_z:
        row.other_axes[place_of(column, TraceColumn::other_x)] = value;
        break;
    case TraceColumn::event:
        row.event = field;
        break;
    case TraceColumn::argument:
        (row.argument ? row.extra : row.argument) = value;
        break;
    case TraceColumn::zone:
        row.zone = field;
        break;
    case TraceColumn::ignored:
        break;
    }
}

}  // namespace

TraceRow row_of(const std::vector<std::string_view>& fields, const TraceLayout& layout) {
    TraceRow row;
    std::vector<double> keypoints;
    for (std::size_t i = 0; i < std::min(fields.size(), layout.columns.size()); ++i) {
        take_field(layout.columns[i], fields[i], row, keypoints);
    }
    if (!keypoints.empty()) {
        const auto middle = keypoints.begin() + static_cast<std::ptrdiff_t>(keypoints.size() / 2);
        std::nth_element(keypoints.begin(), middle, keypoints.end());
        row.total = *middle;
    }
    return row;
}

}  // namespace crowdjack
