// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "session/supervision/restart_policy.hpp"

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// In the environment of what a session starts: the name of its server.
inline constexpr const char* session_mark = "CROWDJACK_SESSION";
/// Likewise: the client's name in the session file.
inline constexpr const char* client_mark = "CROWDJACK_CLIENT";

/// How to start a child.
struct ChildCommand {
    std::vector<std::string> arguments;              ///< [0]: the program's path
    std::map<std::string, std::string> environment;  ///< added to ours; empty values are removed from it
    std::filesystem::path output;                    ///< for stdout and stderr: a FIFO, or /dev/null
};

/// A process that may outlive us: started by this session, or by an earlier one and found again. Control thread only.
///
/// Its output goes to a FIFO that it holds open itself, so it neither stops nor dies when nobody reads.
class ChildProcess {
public:
    /// Leads a session and a process group of its own (Ctrl-C and a closed terminal reach only our session), with no
    /// signal blocked and SIGPIPE as usual.
    /// @throws Failure naming the program
    static ChildProcess start(ControlLoop& loop, const ChildCommand& command, std::function<void(const Ending&)> ended);

    /// Watches a process that is not our child. Nothing when there is none of that pid.
    static std::optional<ChildProcess> adopt(ControlLoop& loop, pid_t pid, std::function<void(const Ending&)> ended);

    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&& other) noexcept;
    ~ChildProcess();  ///< stops watching; the process goes on

    void signal(int number) const;
    /// The same to all that it started and that did not leave its process group.
    void signal_group(int number) const;
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

private:
    ChildProcess(ControlLoop& loop, pid_t pid, int pid_fd, std::function<void(const Ending&)> ended);

    ControlLoop* loop_;
    pid_t pid_;
    int pid_fd_;
};

/// A variable in the environment a process was started with; nothing when it has none or can't be asked.
[[nodiscard]] std::optional<std::string> environment_of(pid_t pid, const std::string& variable);

/// The processes that a session of `server` started as `client`, and what these started, in order of their pids.
[[nodiscard]] std::vector<pid_t> marked_processes(const std::string& server, const std::string& client);

/// The state letter of a process (R, S, D, T, t, Z); ' ' when it is gone.
[[nodiscard]] char state_of(pid_t pid);

}  // namespace crowdjack
