// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace crowdjack::test {

namespace {

/// Between fork and exec only async-signal-safe calls: everything is prepared before.
[[noreturn]] void become(char* const* command, char* const* environment, const char* folder, bool own_group,
                         int output) {
    if (own_group) {
        setpgid(0, 0);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    if (*folder == '\0' || chdir(folder) == 0) {
        execvpe(command[0], command, environment);
    }
    _exit(127);
}

std::vector<std::string> joined_environment(const std::map<std::string, std::string>& added) {
    std::vector<std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text{*entry};
        if (!added.contains(text.substr(0, text.find('=')))) {
            all.push_back(text);
        }
    }
    for (const auto& [key, value] : added) {
        all.push_back(key);
        all.back().append("=").append(value);
    }
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (auto& text : strings) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

int exit_code(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

Process::Process(std::vector<std::string> command) : Process{std::move(command), Options{}} {}

Process::Process(std::vector<std::string> command, const Options& options) {
    std::array<int, 2> channel{};
    if (pipe2(channel.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error{"no pipe for " + command.front()};
    }
    auto environment = joined_environment(options.environment);
    const auto command_pointers = pointers(command);
    const auto environment_pointers = pointers(environment);
    const std::string folder = options.folder.string();
    pid_ = fork();
    if (pid_ == 0) {
        become(command_pointers.data(), environment_pointers.data(), folder.c_str(), options.own_group, channel[1]);
    }
    close(channel[1]);
    if (pid_ < 0) {
        close(channel[0]);
        throw std::runtime_error{"cannot start " + command.front()};
    }
    stop_reading_ = eventfd(0, EFD_CLOEXEC);
    reader_ = std::thread{[this, descriptor = channel[0], echo = options.echo] { read_lines(descriptor, echo); }};
}

Process::~Process() {
    kill_hard();
    const std::uint64_t stop = 1;
    if (write(stop_reading_, &stop, sizeof stop) == sizeof stop) {
        reader_.join();
    }
    close(stop_reading_);
}

void Process::read_lines(int descriptor, bool echo) {
    std::string partial;
    std::array<char, 4096> chunk{};
    std::array<pollfd, 2> sources{{{descriptor, POLLIN, 0}, {stop_reading_, POLLIN, 0}}};
    while (poll(sources.data(), sources.size(), -1) >= 0) {
        if (sources[0].revents != 0) {
            const ssize_t size = read(descriptor, chunk.data(), chunk.size());
            if (size <= 0) {
                break;
            }
            take(partial, chunk.data(), static_cast<std::size_t>(size), echo);
        } else if (sources[1].revents != 0) {
            break;
        }
    }
    close(descriptor);
    const std::lock_guard lock{mutex_};
    if (!partial.empty()) {
        lines_.push_back(partial);
    }
    output_ended_ = true;
    changed_.notify_all();
}

void Process::take(std::string& partial, const char* data, std::size_t size, bool echo) {
    const std::lock_guard lock{mutex_};
    for (std::size_t i = 0; i < size; ++i) {
        if (data[i] != '\n') {
            partial += data[i];
            continue;
        }
        if (echo) {
            std::cerr << pid_ << "> " << partial << '\n';
        }
        lines_.push_back(std::move(partial));
        partial.clear();
    }
    changed_.notify_all();
}

std::optional<std::string> Process::wait_for_line(const std::string& text, Deadline deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    std::unique_lock lock{mutex_};
    for (std::size_t seen = 0;;) {
        for (; seen < lines_.size(); ++seen) {
            if (lines_[seen].find(text) != std::string::npos) {
                return lines_[seen];
            }
        }
        if (output_ended_ || changed_.wait_until(lock, end) == std::cv_status::timeout) {
            if (seen == lines_.size()) {
                return std::nullopt;
            }
        }
    }
}

std::vector<std::string> Process::lines() const {
    const std::lock_guard lock{mutex_};
    return lines_;
}

std::string Process::output() const {
    std::string text;
    for (const auto& line : lines()) {
        text += line + '\n';
    }
    return text;
}

std::string Process::whole_output(Deadline deadline) {
    {
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, deadline, [this] { return output_ended_; });
    }
    return output();
}

bool Process::running() { return !wait(Deadline{0}).has_value(); }

void Process::signal(int number) const {
    if (!exit_code_) {
        kill(pid_, number);
    }
}

void Process::signal_group(int number) const { kill(-pid_, number); }

void Process::kill_hard() {
    signal(SIGKILL);
    wait();
}

std::optional<int> Process::terminate(Deadline deadline) {
    signal(SIGTERM);
    return wait(deadline);
}

std::optional<int> Process::wait(Deadline deadline) {
    const bool ended = exit_code_ || eventually(
                                         [this] {
                                             int status{};
                                             rusage usage{};
                                             if (wait4(pid_, &status, WNOHANG, &usage) != pid_) {
                                                 return false;
                                             }
                                             exit_code_ = crowdjack::test::exit_code(status);
                                             final_cpu_seconds_ = seconds(usage.ru_utime) + seconds(usage.ru_stime);
                                             return true;
                                         },
                                         deadline);
    return ended ? exit_code_ : std::nullopt;
}

double Process::cpu_seconds() const { return exit_code_ ? final_cpu_seconds_ : cpu_seconds_of(pid_); }

Process::Memory Process::memory() const { return memory_of(pid_); }

double cpu_seconds_of(pid_t process) {
    // In nanoseconds, unlike /proc/PID/stat, which counts in ticks of 10 ms.
    clockid_t clock{};
    timespec used{};
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &used) != 0) {
        return 0.0;
    }
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

Process::Memory memory_of(pid_t process) {
    std::ifstream status{"/proc/" + std::to_string(process) + "/status"};
    Process::Memory memory;
    for (std::string line; std::getline(status, line);) {
        std::istringstream words{line};
        std::string key;
        std::size_t kilobytes{};
        words >> key >> kilobytes;
        if (key == "VmRSS:") {
            memory.resident = kilobytes * 1024;
        } else if (key == "RssAnon:") {
            memory.anonymous = kilobytes * 1024;
        }
    }
    return memory;
}

}  // namespace crowdjack::test
