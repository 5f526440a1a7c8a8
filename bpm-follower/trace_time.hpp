// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>

namespace crowdjack {

/// A time as somebody wrote it down.
struct TraceTime {
    double seconds{};         ///< since whatever the file counts from
    bool time_of_day{false};  ///< begins anew at midnight
};

/// Reads a number of seconds, an ISO 8601 date and time (`2026-01-20T21:29:00.250Z`, with a blank instead of the T,
/// with
/// `+01:00`, without seconds), or a clock time (`21:29:00.250`, or `12:30` as minutes and seconds).
[[nodiscard]] std::optional<TraceTime> trace_time(std::string_view field) noexcept;

/// The whole field as a finite number, with a decimal point or comma.
[[nodiscard]] std::optional<double> field_number(std::string_view field) noexcept;

/// The number of a field that is one with a percent sign behind it: 45 for `45%` and `45 %`.
[[nodiscard]] std::optional<double> percent_number(std::string_view field) noexcept;

}  // namespace crowdjack
