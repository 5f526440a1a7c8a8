// SPDX-License-Identifier: GPL-3.0-or-later
// When a client that ended is started again. Pure: the caller says what time it is.
#pragma once

#include "session/session_clock.hpp"

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

/// What to do after an end.
struct Restart {
    SessionTime wait{};  ///< before the next start
    bool said{true};     ///< worth a line in the log: the first few in a row, then every tenth
};

/// Decides after each end of one client (or setlist, or a server that the session started) when it is started again.
/// It always is: nobody is there to do it by hand, and a card that was away for an hour comes back.
///
/// The first restart comes at once. From then on a trouble that has lasted for T waits T / 4 before the next try, at
/// least 250 ms and at most 30 s: what comes back after a while is found after a quarter of that while. A trouble is
/// over when a run was ready for `good_run`, or for `short_run` until a kill -9 from outside: that is none of its own.
class RestartPolicy {
public:
    static constexpr SessionTime short_run{500};  ///< ready for less than this: it counts as a failed start
    static constexpr SessionTime good_run{30'000};
    static constexpr SessionTime first_wait{250};
    static constexpr SessionTime longest_wait{30'000};
    static constexpr int failing_from{5};  ///< ends in a row
    static constexpr int said_each{10};

    void started(SessionTime now);
    /// It does its work (entered the registry, or its ports are there).
    void ready(SessionTime now);

    [[nodiscard]] Restart ended(SessionTime now, const Ending& ending);

    /// It keeps ending soon after its starts.
    [[nodiscard]] bool failing() const noexcept { return failures_ >= failing_from; }
    /// Ends in a row.
    [[nodiscard]] int failures() const noexcept { return failures_; }

    [[nodiscard]] int starts() const noexcept { return starts_; }
    [[nodiscard]] SessionTime last_start() const noexcept { return started_at_; }

private:
    int starts_{0};
    SessionTime started_at_{};
    std::optional<SessionTime> ready_at_;
    SessionTime trouble_since_{};
    int failures_{0};  ///< in this trouble
};

}  // namespace crowdjack
