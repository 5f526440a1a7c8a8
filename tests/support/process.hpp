// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/eventually.hpp"

#include <sys/types.h>

#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace crowdjack::test {

/// A child process whose stdout and stderr (together, in order of arrival) are read line by line. Killed with SIGKILL
/// at the end of its scope if it still runs.
class Process {
public:
    struct Options {
        std::map<std::string, std::string> environment;  ///< added to (or replacing) ours
        std::filesystem::path folder;                    ///< working folder; empty: ours
        bool echo{false};                                ///< also print each line to our stderr
        bool own_group{false};  ///< leads a process group, so that signal_group() reaches all of it
    };

    /// @param command  program (looked up on PATH) and its arguments
    /// @throws std::runtime_error when it can't be started
    explicit Process(std::vector<std::string> command);
    Process(std::vector<std::string> command, const Options& options);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] bool running();

    /// Waits until a line containing `text` has come (also earlier). @returns the line
    std::optional<std::string> wait_for_line(const std::string& text, Deadline deadline = patient);
    /// Everything printed so far.
    [[nodiscard]] std::string output() const;
    [[nodiscard]] std::vector<std::string> lines() const;
    /// Everything there will be: waits until the child and whoever inherited its output closed it.
    [[nodiscard]] std::string whole_output(Deadline deadline = patient);

    void signal(int number) const;
    void signal_group(int number) const;
    /// kill -9, and waits for the end.
    void kill_hard();
    /// SIGTERM, and the exit code. Nothing when it does not end within the deadline.
    std::optional<int> terminate(Deadline deadline = patient);
    /// The exit code, or 128 + the signal that ended it. Nothing when the deadline passed.
    std::optional<int> wait(Deadline deadline = patient);

    /// User and system CPU seconds used so far (of an ended process: in all).
    [[nodiscard]] double cpu_seconds() const;
    /// Bytes in memory: all, and those that are the process's alone rather than a file's pages.
    struct Memory {
        std::size_t resident{}, anonymous{};
    };
    /// Zeros for an ended process.
    [[nodiscard]] Memory memory() const;

private:
    void read_lines(int descriptor, bool echo);
    void take(std::string& partial, const char* data, std::size_t size, bool echo);

    pid_t pid_{-1};
    std::optional<int> exit_code_;
    double final_cpu_seconds_{};
    int stop_reading_{-1};  ///< eventfd: a grandchild may keep the pipe open for longer than we want to read
    std::thread reader_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> lines_;
    bool output_ended_{false};
};

/// The same figures of any process.
/// @{
[[nodiscard]] double cpu_seconds_of(pid_t process);
[[nodiscard]] Process::Memory memory_of(pid_t process);
/// @}

}  // namespace crowdjack::test
