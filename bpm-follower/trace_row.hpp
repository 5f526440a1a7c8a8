// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/trace_columns.hpp"
#include "bpm-follower/trace_time.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <vector>

namespace crowdjack {

/// What one line of a table says, column by column; the texts point into the line.
struct TraceRow {
    static constexpr double pose_frames_per_second = 30.0;

    std::optional<TraceTime> time;
    std::optional<double> total;  ///< for keypoints the median of those that were seen (not 0)
    std::optional<double> argument, extra, people;
    std::array<std::optional<double>, 3> limbs;  ///< arms, legs, head
    std::array<std::optional<double>, 3> axes, other_axes;
    std::string_view event, zone;
    bool percent{false};  ///< a percent sign stands behind a movement
    bool bad{false};      ///< a keypoint is no number
};

[[nodiscard]] TraceRow row_of(const std::vector<std::string_view>& fields, const TraceLayout& layout);

}  // namespace crowdjack
