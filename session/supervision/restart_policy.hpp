// SPDX-License-Identifier: GPL-3.0-or-later
// When a client that ended is started again, and when not any more. Pure: the caller says what time it is.
#pragma once

#include "session/session_clock.hpp"

#include <deque>
#include <optional>
#include <string>

namespace crowdjack {

/// How a process ended, as far as it matters here.
struct Ending {
    bool by_signal{};
    int code{};        ///< exit code, or the signal's number
    bool by_us{};      ///< the watchdog killed it
    bool known{true};  ///< false: it was no child of ours, so how it ended was not to be learnt

    [[nodiscard]] std::string text() const;
};

/// Decides after each end of one client (or of a server that the session started) when it is started again.
///
/// The first restart comes at once; runs that end early make the next one wait longer (250 ms, doubling up to 10 s); a
/// client that keeps crashing is left alone after `crash_limit` crashes within `crash_window`. A kill -9 from outside
/// is not a crash unless the client had not become ready yet.
class RestartPolicy {
public:
    static constexpr SessionTime short_run{500};  ///< ready for less than this: it counts as a failed start
    static constexpr SessionTime first_wait{250};
    static constexpr SessionTime longest_wait{10'000};
    static constexpr SessionTime crash_window{30'000};
    static constexpr std::size_t crash_limit{5};

    void started(SessionTime now);
    /// It does its work (entered the registry, or its ports are there).
    void ready(SessionTime now);

    /// @returns how long to wait before the next start; nothing when it is to be left alone: it keeps crashing
    [[nodiscard]] std::optional<SessionTime> ended(SessionTime now, const Ending& ending);

    [[nodiscard]] int starts() const noexcept { return starts_; }
    [[nodiscard]] SessionTime last_start() const noexcept { return started_at_; }

private:
    int starts_{0};
    SessionTime started_at_{};
    std::optional<SessionTime> ready_at_;
    SessionTime next_wait_{0};
    std::deque<SessionTime> crashes_;  ///< within the window
};

}  // namespace crowdjack
