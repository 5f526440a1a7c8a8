// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/check/program_answer.hpp"

#include "common/descriptor.hpp"
#include "common/error.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <sstream>

namespace crowdjack {

namespace {

constexpr auto answer_patience = std::chrono::seconds{5};
constexpr std::size_t longest_answer = 64 * 1024;

pid_t start(const std::filesystem::path& program, std::vector<std::string> words, int output) {
    posix_spawn_file_actions_t files{};
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    std::vector<char*> pointers;
    for (std::string& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    pid_t pid{};
    const int error = ::posix_spawn(&pid, program.c_str(), &files, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&files);
    if (error != 0) {
        throw Failure{"cannot run " + program.string() + ": " + errno_text(error)};
    }
    return pid;
}

/// All that comes until the end, or as much as is of use. @returns false when the time is over first
bool read_to_end(int fd, std::string& text) {
    const auto until = std::chrono::steady_clock::now() + answer_patience;
    std::array<char, 4096> buffer{};
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
        pollfd readable{fd, POLLIN, 0};
        if (left <= 0 || ::poll(&readable, 1, static_cast<int>(left)) == 0) {
            return false;
        }
        const ssize_t size = ::read(fd, buffer.data(), buffer.size());
        if (size == 0 || (size < 0 && errno != EINTR)) {
            return true;
        }
        if (size > 0 && text.size() < longest_answer) {
            text.append(buffer.data(), static_cast<std::size_t>(size));
        }
    }
}

/// `… warning crowdjack-deck: event why="…"` and `crowdjack-deck: why`, without time, level and program.
void add_complaint(ProgramAnswer& answer, const std::string& line) {
    const bool logged = line.size() > 24 && line[10] == 'T';
    if (logged && line.find(" info ") != std::string::npos && line.find(" info ") < 30) {
        return;
    }
    const std::size_t program = line.find("crowdjack-");
    const std::size_t colon = program == std::string::npos ? program : line.find(": ", program);
    answer.complaints.push_back(colon == std::string::npos ? line : line.substr(colon + 2));
}

}  // namespace

ProgramAnswer parse_program_answer(std::string_view output, int exit_code) {
    ProgramAnswer answer;
    answer.good = exit_code == 0;
    std::istringstream lines{std::string{output}};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words{line};
        std::string what, direction, kind, name;
        words >> what;
        if (what == "client" && words >> name) {
            answer.client = name;
        } else if (what == "port" && words >> direction >> kind >> name) {
            answer.ports.push_back({name, direction == "output", kind == "midi"});
        } else if (!line.empty()) {
            add_complaint(answer, line);
        }
    }
    if (!answer.good && answer.complaints.empty()) {
        answer.complaints.push_back("it ended with code " + std::to_string(exit_code) + " and without a word");
    }
    return answer;
}

ProgramAnswer ask_program(const std::filesystem::path& program, const std::vector<std::string>& arguments) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw Failure{"no pipe to ask " + program.string() + ": " + errno_text(errno)};
    }
    const Descriptor reading{ends[0]};
    std::vector<std::string> words{program.string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.emplace_back("--check-options");
    pid_t pid{};
    {
        const Descriptor writing{ends[1]};
        pid = start(program, std::move(words), writing.get());
    }
    std::string text;
    const bool ended = read_to_end(reading.get(), text);
    if (!ended) {
        ::kill(pid, SIGKILL);
    }
    int status{};
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!ended) {
        return {false, {}, {}, {"it did not answer --check-options within 5 s"}};
    }
    return parse_program_answer(text, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

}  // namespace crowdjack
