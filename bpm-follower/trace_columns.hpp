// SPDX-License-Identifier: GPL-3.0-or-later
// What the columns of a trace mean, from their names. Nothing is guessed: a column that names nothing known is ignored.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

enum class TraceColumn {
    ignored,
    time,
    time_ms,
    frame,
    total,
    arms,
    legs,
    head,
    people,
    keypoint,
    axis_x,
    axis_y,
    axis_z,
    other_x,  ///< of a second triple: gravity, or what a file without a header has after the first
    other_y,
    other_z,
    event,
    argument,
    zone
};

/// What the name of the movement's column says of its unit, or the sign behind its values.
enum class UnitHint { none, fraction, percent, percent_sign, raw, acceleration };

struct TraceLayout {
    /// named: the header says that they are an accelerometer's. bare: only x, y, z, or no header: gravity must show it.
    /// user: an accelerometer's whose phone has taken gravity away; with gravity in the second triple, if there is one.
    enum class Axes { none, named, bare, user };

    std::vector<TraceColumn> columns;
    UnitHint hint{UnitHint::none};
    Axes axes{Axes::none};
    bool metric{false};  ///< the axes' names say m/s²
    char between{','};   ///< what separates the fields

    [[nodiscard]] bool has(TraceColumn column) const noexcept;
    [[nodiscard]] bool timed() const noexcept;
    /// There is something in it that movement can be made of.
    [[nodiscard]] bool has_movement() const noexcept;
};

/// A line cut into its fields, which are trimmed of blanks and quotes and point into the line.
struct SplitLine {
    char between{','};  ///< comma, semicolon, tab, or a blank for runs of blanks
    std::vector<std::string_view> fields;
};
[[nodiscard]] SplitLine split_fields(std::string_view line);

/// The layout that a header names; nothing when none of its names is known.
[[nodiscard]] std::optional<TraceLayout> layout_of_header(const SplitLine& header);

/// The layout of a file without a header: value; time, value; time and one or two triples of axes. Nothing for others.
[[nodiscard]] std::optional<TraceLayout> layout_of_width(const SplitLine& row);

}  // namespace crowdjack
