// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/supervision/child_process.hpp"

#include "common/error.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 forgot to say so itself
#include <sys/pidfd.h>
}

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fstream>
#include <iterator>
#include <utility>

namespace crowdjack {

namespace {

/// posix_spawn's two setting objects, freed together.
struct SpawnSettings {
    posix_spawn_file_actions_t files{};
    posix_spawnattr_t attributes{};

    SpawnSettings() {
        posix_spawn_file_actions_init(&files);
        posix_spawnattr_init(&attributes);
    }
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&files);
        posix_spawnattr_destroy(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
};

std::vector<std::string> environment_with(const std::map<std::string, std::string>& changes) {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text{*entry};
        if (!changes.contains(text.substr(0, text.find('=')))) {
            result.push_back(text);
        }
    }
    for (const auto& [name, value] : changes) {
        if (!value.empty()) {
            result.push_back(name + "=" + value);
        }
    }
    return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

void set_up(SpawnSettings& settings, const ChildCommand& command) {
    posix_spawn_file_actions_addopen(&settings.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    // Read-write, so that the child itself keeps it open; non-blocking, so that a full one costs lines, not the music.
    posix_spawn_file_actions_addopen(&settings.files, STDOUT_FILENO, command.output.c_str(), O_RDWR | O_NONBLOCK, 0);
    posix_spawn_file_actions_adddup2(&settings.files, STDOUT_FILENO, STDERR_FILENO);
    // libjack's sockets are not close-on-exec: a child that held ours would hide our death from the server for ever.
    posix_spawn_file_actions_addclosefrom_np(&settings.files, STDERR_FILENO + 1);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&settings.attributes, &none);
    posix_spawnattr_setsigdefault(&settings.attributes, &all);
    posix_spawnattr_setflags(&settings.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
}

Ending ending_of(int pid_fd) {
    siginfo_t info{};
    if (::waitid(P_PIDFD, static_cast<id_t>(pid_fd), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) {
        return {true, SIGKILL, false, false};  // not our child
    }
    return {info.si_code != CLD_EXITED, info.si_status, false, true};
}

}  // namespace

ChildProcess::ChildProcess(ControlLoop& loop, pid_t pid, int pid_fd, std::function<void(const Ending&)> ended)
    : loop_{&loop}, pid_{pid}, pid_fd_{pid_fd} {
    loop.watch(pid_fd, [&loop, pid_fd, ended = std::move(ended)] {
        loop.unwatch(pid_fd);
        ended(ending_of(pid_fd));
    });
}

ChildProcess ChildProcess::start(ControlLoop& loop, const ChildCommand& command,
                                 std::function<void(const Ending&)> ended) {
    SpawnSettings settings;
    set_up(settings, command);
    std::vector<std::string> arguments = command.arguments;
    std::vector<std::string> environment = environment_with(command.environment);
    pid_t pid{};
    const int error = ::posix_spawn(&pid, command.arguments.front().c_str(), &settings.files, &settings.attributes,
                                    pointers(arguments).data(), pointers(environment).data());
    if (error != 0) {
        throw Failure{"cannot start " + command.arguments.front() + ": " + errno_text(error)};
    }
    const int pid_fd = ::pidfd_open(pid, 0);
    if (pid_fd < 0) {
        const int why = errno;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        throw Failure{"cannot watch " + command.arguments.front() + ": " + errno_text(why)};
    }
    return ChildProcess{loop, pid, pid_fd, std::move(ended)};
}

std::optional<ChildProcess> ChildProcess::adopt(ControlLoop& loop, pid_t pid,
                                                std::function<void(const Ending&)> ended) {
    const int pid_fd = pid > 0 ? ::pidfd_open(pid, 0) : -1;
    if (pid_fd < 0) {
        return std::nullopt;
    }
    return ChildProcess{loop, pid, pid_fd, std::move(ended)};
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : loop_{other.loop_}, pid_{other.pid_}, pid_fd_{std::exchange(other.pid_fd_, -1)} {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
    std::swap(loop_, other.loop_);
    std::swap(pid_, other.pid_);
    std::swap(pid_fd_, other.pid_fd_);
    return *this;
}

ChildProcess::~ChildProcess() {
    if (pid_fd_ >= 0) {
        loop_->unwatch(pid_fd_);
        ::close(pid_fd_);
    }
}

void ChildProcess::signal(int number) const { (void)::pidfd_send_signal(pid_fd_, number, nullptr, 0); }

void ChildProcess::signal_group(int number) const {
    if (::getpgid(pid_) == pid_) {
        (void)::kill(-pid_, number);
    } else {
        signal(number);
    }
}

std::optional<std::string> environment_of(pid_t pid, const std::string& variable) {
    std::ifstream file{"/proc/" + std::to_string(pid) + "/environ", std::ios::binary};
    for (std::string entry; std::getline(file, entry, '\0');) {
        if (entry.starts_with(variable + "=")) {
            return entry.substr(variable.size() + 1);
        }
    }
    return std::nullopt;
}

std::vector<pid_t> marked_processes(const std::string& server, const std::string& client) {
    std::vector<pid_t> found;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc", error}) {
        const std::string name = entry.path().filename().string();
        pid_t pid{};
        if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size()) {
            continue;
        }
        if (environment_of(pid, client_mark) == client && environment_of(pid, session_mark) == server) {
            found.push_back(pid);
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

char state_of(pid_t pid) {
    std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const std::size_t name_end = text.rfind(") ");  // the name may hold anything
    return name_end == std::string::npos || name_end + 2 >= text.size() ? ' ' : text[name_end + 2];
}

}  // namespace crowdjack
