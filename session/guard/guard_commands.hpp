// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/supervision/child_process.hpp"
#include "session/supervision/log_relay.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// Runs the user's commands of [guard]: on_silence, on_crash, on_start. Control thread only; nothing waits.
///
/// The words are started as they are, never by a shell; what happened stands in the environment: CROWDJACK_EVENT
/// (silence, crash, start), CROWDJACK_SERVER, CROWDJACK_FILE (the session file), and what the caller adds. One at a
/// time for each event; up to 16 wait, further ones are dropped and counted; one that runs for a minute is killed.
class GuardCommands {
public:
    using Details = std::map<std::string, std::string>;

    GuardCommands(ControlLoop& loop, LogRelay& logs, Details always);

    /// @param words  program (looked up as a client's is) and arguments; empty: nothing happens
    void run(const std::string& event, const std::vector<std::string>& words, Details details);

private:
    struct Pending {
        std::vector<std::string> words;
        Details details;
    };
    struct Line {
        std::deque<Pending> waiting;
        std::optional<ChildProcess> process;
        std::uint64_t dropped{0};
    };
    void next(const std::string& event);
    void start(const std::string& event, Line& line, const Pending& pending);

    ControlLoop& loop_;
    LogRelay& logs_;
    Details always_;
    std::map<std::string, Line> lines_;  ///< by event
};

}  // namespace crowdjack
