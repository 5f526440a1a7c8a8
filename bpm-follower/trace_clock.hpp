// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

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
    /// Beyond it a time stamp counts milliseconds: as seconds it would lie after the year 5000.
    static constexpr double latest_stamp_s = 1e11;

    /// Where time ran backward or leapt, so that it went on from there without a gap.
    struct Breaks {
        std::size_t count{}, first_line{};
    };

    /// Seconds since the first line, for a line that says `stamp_s`; negative when the first one came late.
    double time_of(std::size_t line, double stamp_s) noexcept {
        const double seconds = stamp_s > latest_stamp_s ? stamp_s / 1000.0 : stamp_s;
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
    double origin_{}, latest_{};
    bool started_{false};
    Breaks breaks_;
};

}  // namespace crowdjack
