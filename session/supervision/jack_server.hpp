// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/jack_door.hpp"
#include "session/session_clock.hpp"
#include "session/session_file.hpp"
#include "session/supervision/child_process.hpp"
#include "session/supervision/log_relay.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// Does a JACK server of that name answer? Asks from a thread of its own: a hung server is a no.
[[nodiscard]] bool jack_server_answers(const std::string& server, std::chrono::milliseconds deadline);

/// The command that starts the server a session file describes. @param realtime  whether this user may have it
[[nodiscard]] std::vector<std::string> jackd_command(const JackSpec& spec, const std::string& server, bool realtime);

/// The JACK server of a session: started when none runs, started again when it dies, stopped at the end; a server of
/// somebody else is used and left alone. Control thread only.
class JackServer {
public:
    JackServer(ControlLoop& loop, LogRelay& logs, JackSpec spec, std::string server);

    /// Before anything else: returns when a server answers, or false when this program was told to stop meanwhile.
    /// @param earlier  pid of a server that an earlier run of this session started, or 0
    /// @throws Failure when there is none and none can be started, saying why and what to do
    [[nodiscard]] bool ensure(pid_t earlier);

    /// Ends a server that is ours. Waits for its end, at most `deadline`, then kills it.
    void stop(std::chrono::milliseconds deadline);

    /// The server is gone. One of somebody else that is away for long is replaced by one of ours (with autostart).
    void lost();

    /// A client of ours reached it. A server that nobody reaches within 6 s of its start is started once more.
    void reached();

    /// Its pid while it is ours, else 0.
    [[nodiscard]] pid_t own_pid() const noexcept { return process_ ? process_->pid() : 0; }
    [[nodiscard]] const std::string& name() const noexcept { return server_; }
    /// How often in a row it ended soon after its start.
    [[nodiscard]] int failures() const noexcept { return restarts_.failures(); }

    /// Called when own_pid() changed.
    std::function<void()> changed;

private:
    void start(const JackDoor& turn);
    void ended(const Ending& ending);
    void start_again(const Ending& ending);
    /// Once no other program of the suite looks for a server, or `at_latest`. Does not wait.
    void try_to_start(SessionTime at_latest);
    [[nodiscard]] bool wait_until_it_answers();

    ControlLoop& loop_;
    LogRelay& logs_;
    JackSpec spec_;
    std::string server_;
    std::optional<ChildProcess> process_;
    RestartPolicy restarts_;
    bool ours_{false};  ///< the present one, or the last
    bool stopping_{false};
    bool reached_{false};  ///< since its last start, or since it was lost
    bool loud_{true};      ///< its next start is worth its lines
};

}  // namespace crowdjack
