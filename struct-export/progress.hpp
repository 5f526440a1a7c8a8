// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/log.hpp"
#include "common/quantities.hpp"

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <mutex>
#include <string_view>

namespace crowdjack {

/// What the user sees while tracks are exported: a bar on a terminal, only the log's lines otherwise. Both go to
/// stderr. Any thread.
class Progress {
public:
    /// @param tracks  how many will be done; @param work  source seconds in all of them
    Progress(std::size_t tracks, Seconds work);
    /// Wipes the bar.
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Source seconds are done.
    void advance(Seconds seconds);
    /// One track is done, whatever came of it.
    void track_done();
    /// A log line that doesn't tear the bar.
    void say(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);

private:
    using Clock = std::chrono::steady_clock;
    void draw(bool now);
    void wipe();

    const std::size_t tracks_;
    const double work_;
    const bool on_terminal_;
    std::mutex mutex_;  ///< guards the rest
    std::size_t tracks_done_{0};
    double work_done_{0.0};
    bool drawn_{false};
    Clock::time_point last_drawn_{};
    const Clock::time_point begun_{Clock::now()};
};

}  // namespace crowdjack
