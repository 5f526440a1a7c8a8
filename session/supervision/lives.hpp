// SPDX-License-Identifier: GPL-3.0-or-later
// When a client that ended is started again, and when not any more. Pure: the caller says what time it is.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>

namespace crowdjack {

/// A moment on the caller's steady clock.
using Moment = std::chrono::milliseconds;

/// How a process ended, as far as it matters here.
struct Ending {
    bool by_signal{};
    int code{};        ///< exit code, or the signal's number
    bool by_us{};      ///< the watchdog killed it
    bool known{true};  ///< false: it was no child of ours, so how it ended was not to be learnt

    [[nodiscard]] std::string text() const;
};

/// The lives of one client (or of a server that the session started): decides after each end.
///
/// The first restart comes at once; lives that end early make the next one wait longer (250 ms, doubling up to 10 s); a
/// client that keeps crashing is left alone after `crash_limit` crashes within `crash_window`. A kill -9 from outside
/// is not a crash unless the life was over before it had properly begun.
class Lives {
public:
    static constexpr Moment short_life{500};  ///< ready for less than this: it did not really live
    static constexpr Moment first_wait{250};
    static constexpr Moment longest_wait{10'000};
    static constexpr Moment crash_window{30'000};
    static constexpr std::size_t crash_limit{5};

    void started(Moment now);
    /// It does its work (entered the registry, or its ports are there).
    void ready(Moment now);

    /// @returns how long to wait before the next start; nothing when it is to be left alone: it keeps crashing
    [[nodiscard]] std::optional<Moment> ended(Moment now, const Ending& ending);

    [[nodiscard]] int starts() const noexcept { return starts_; }
    [[nodiscard]] Moment last_start() const noexcept { return started_at_; }

private:
    int starts_{0};
    Moment started_at_{};
    std::optional<Moment> ready_at_;
    Moment next_wait_{0};
    std::deque<Moment> crashes_;  ///< within the window
};

}  // namespace crowdjack
