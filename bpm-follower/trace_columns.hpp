// SPDX-License-Identifier: GPL-3.0-or-later
// What the columns of a trace mean, from their names.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace crowdjack {

enum class TraceColumn { ignored, time_s, time_ms, frame, total, arms, legs, head, people, keypoint, event, argument };
enum class UnitHint { none, fraction, percent, raw };

struct TraceLayout {
    std::vector<TraceColumn> columns;
    UnitHint hint{UnitHint::none};

    [[nodiscard]] bool has(TraceColumn column) const noexcept;
};

/// Splits one line at commas, semicolons, tabs, or else runs of blanks; fields are trimmed of blanks and quotes.
[[nodiscard]] std::vector<std::string_view> split_fields(std::string_view line);

/// The whole field as a finite number, with a decimal point or comma.
[[nodiscard]] std::optional<double> field_number(std::string_view field) noexcept;

/// The layout that a header names. Columns of unknown name count as the value when there is no other candidate.
[[nodiscard]] TraceLayout layout_of_header(const std::vector<std::string_view>& names);

/// The layout of a file without a header, from its number of columns: value; time, value; time, keypoints….
[[nodiscard]] TraceLayout layout_of_width(std::size_t columns);

}  // namespace crowdjack
