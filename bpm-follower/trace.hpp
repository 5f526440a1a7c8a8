// SPDX-License-Identifier: GPL-3.0-or-later
// Recorded dances: what --replay reads.
#pragma once

#include "bpm-follower/movement.hpp"

#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// Something that was heard or done at `time_s` after the trace's beginning.
struct TraceEvent {
    enum class Kind { total, arms, legs, head, people, set, hold, tap, nudge, jump };
    double time_s{};
    Kind kind{Kind::total};
    double value{};      ///< movement as a fraction 0…1; people; BPM (of a tap: 0 when it set none); 0 or 1; beats
    double extra{};      ///< seconds of a set
    std::string zone{};  ///< where it was seen; empty: the main zone
};

/// A recorded dance in order of time, its movement in fractions.
struct Trace {
    std::vector<TraceEvent> events;
    double duration_s{};
    MovementUnit unit;                 ///< what the file counted in
    std::string unit_reason;           ///< "declared", or how it was found out
    std::vector<std::string> notices;  ///< what was passed over, one line each
};

/// Reads a trace. Understood are
/// - CSV of time and value, with or without a header (comma, semicolon, tab or blanks; fields may be quoted, decimals
///   have a point or a comma, values may have a percent sign; UTF-8, or UTF-16 as Excel's "Unicode text" has it). A
///   header is a line that names known things and has as many columns as the data; other columns are ignored, and
///   without a header two columns are time and value, one is a report a second. A column `frame` instead of a time
///   counts at 30 frames a second; further columns `arms`, `legs`, `head`, `people` (and the detector's names for them)
///   are taken too. Times are seconds, milliseconds since 1970, ISO 8601 or clock times;
/// - what --trace-out writes, commands and all;
/// - pose traces, a column per keypoint (`Nose`, `LeftWrist`, …): movement is the median of the keypoints that were
/// seen
///   (not 0), a frame without any is no report;
/// - accelerometers, three columns that differ in x, y, z: see accelerometer.hpp;
/// - crowdstream's movement_stats: one JSON object a line, with `timestamp` and `total_movement`.
/// Front matter between lines of `---`, comments and title lines before the data are passed over. Lines that can't be
/// read are passed over and counted in `notices`. Lines up to 5 s late are put where they belong; where time runs
/// backward further or leaps more than a day, it goes on without a gap, as `notices` say. Traces with many reports a
/// second are thinned to one a second.
/// @param declared  the unit; empty: from the column's name, else from the values (see trace_unit.hpp)
/// @param name  how messages call it
/// @throws Failure when there is no report in it, or values that can't be movement
[[nodiscard]] Trace read_trace(std::istream& in, const std::optional<MovementUnit>& declared, const std::string& name);

/// @throws Failure also when the file can't be read
[[nodiscard]] Trace read_trace_file(const std::filesystem::path& path, const std::optional<MovementUnit>& declared);

}  // namespace crowdjack
