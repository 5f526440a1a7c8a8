// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/trace_time.hpp"

#include <algorithm>
#include <cstddef>

namespace crowdjack {

/// The time of a trace: begins at 0, runs backward only for lines that came late, and never leaps.
class TraceClock {
public:
    /// A line up to this much older than those before it came late; an older one begins another recording.
    static constexpr double late_line_s = 5.0;
    /// No night has a longer gap; a clock that was set, or a broken number, has.
    static constexpr double longest_gap_s = 86400.0;

    /// Where time ran backward or leapt, so that it went on from there without a gap.
    struct Breaks {
        std::size_t count{}, first_line{};
    };

    /// Seconds since the first line, for a line that says `stamp`; negative when the first one came late.
    double time_of(std::size_t line, TraceTime stamp) noexcept {
        double seconds = in_seconds(stamp.seconds) + days_ * day_s;
        if (stamp.time_of_day && started_ && seconds - origin_ - latest_ < -0.5 * day_s) {
            ++days_;  // midnight
            seconds += day_s;
        }
        origin_ = started_ ? origin_ : seconds;
        started_ = true;
        const double ahead = seconds - origin_ - latest_;
        if (ahead < -late_line_s || ahead > longest_gap_s) {
            breaks_.first_line = breaks_.count++ == 0 ? line : breaks_.first_line;
            origin_ = seconds - latest_;
        }
        latest_ = std::max(latest_, seconds - origin_);
        return seconds - origin_;
    }

    [[nodiscard]] Breaks breaks() const noexcept { return breaks_; }

private:
    static constexpr double day_s = 86400.0;

    /// As seconds, stamps of this century in milliseconds, microseconds and nanoseconds would lie after the year 5000.
    static double in_seconds(double stamp) noexcept {
        constexpr double latest_s = 1e11;
        constexpr double latest_ms = 1e14;
        constexpr double latest_us = 1e17;
        if (stamp > latest_us && stamp < 1e3 * latest_us) {
            return stamp * 1e-9;
        }
        return stamp > latest_ms ? stamp * 1e-6 : stamp > latest_s ? stamp * 1e-3 : stamp;
    }

    double origin_{}, latest_{};
    bool started_{false};
    double days_{};
    Breaks breaks_;
};

}  // namespace crowdjack
