// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/accelerometer.hpp"
#include "bpm-follower/trace.hpp"
#include "bpm-follower/trace_clock.hpp"
#include "bpm-follower/trace_columns.hpp"
#include "bpm-follower/trace_row.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack {

/// Gathers a trace line by line: first what stands before the data (front matter, a title, the header), then rows.
class TraceReader {
public:
    /// @param name  how messages call the file
    TraceReader(std::string name, const std::optional<MovementUnit>& declared)
        : name_{std::move(name)}, declared_{declared} {}

    /// @throws Failure when the header shows that there is no movement in the file
    void take_line(std::string_view line);

    /// @throws Failure when there is no movement in the file, or none that can be believed
    [[nodiscard]] Trace finish();

private:
    /// A line counts as bad when it should have been data and can't be read.
    bool take_json(std::string_view line);
    bool take_fields(const SplitLine& line);
    bool take_row(const TraceRow& row, bool whole);
    bool take_event(const TraceRow& row);
    bool take_sample(const TraceRow& row);
    bool in_front_matter(std::string_view line);
    bool settle_layout(const SplitLine& line);
    void remember_title(std::string_view line, std::size_t number);

    void make_reports_of_samples(Trace& trace);
    void settle_units(Trace& trace);
    void note(Trace& trace) const;
    void put_in_order();
    void refuse_negative() const;
    [[nodiscard]] bool accel_declared() const noexcept {
        return declared_ && declared_->kind == MovementUnit::Kind::acceleration;
    }
    [[nodiscard]] std::vector<double> totals() const;

    std::string name_;
    std::optional<MovementUnit> declared_;

    enum class FrontMatter { possible, inside, over };
    FrontMatter front_matter_{FrontMatter::possible};
    std::optional<TraceLayout> header_;  ///< a candidate, until data come that fit it
    std::string header_text_;
    std::size_t header_line_{};
    std::string title_;  ///< the first line before the data that is neither front matter nor header
    std::size_t title_line_{}, titles_{};

    std::optional<TraceLayout> layout_;
    std::vector<TraceEvent> events_;
    std::vector<AccelSample> samples_;
    std::size_t line_number_{}, bad_{}, first_bad_{}, negative_{}, used_rows_{};
    TraceClock clock_;
    double untimed_rows_{};  ///< one a second
};

}  // namespace crowdjack
