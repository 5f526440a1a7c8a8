// SPDX-License-Identifier: GPL-3.0-or-later
// A reader of the log that stops reading holds nobody up.
#include "common/control_loop.hpp"
#include "common/log.hpp"
#include "common/log_output.hpp"
#include "common/printable.hpp"
#include "common/run_main.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>

using namespace crowdjack;

namespace {

/// stderr is another descriptor for its scope.
class StderrTo {
public:
    explicit StderrTo(int fd) : kept_{dup(STDERR_FILENO)} { dup2(fd, STDERR_FILENO); }
    ~StderrTo() {
        dup2(kept_, STDERR_FILENO);
        close(kept_);
    }
    StderrTo(const StderrTo&) = delete;
    StderrTo& operator=(const StderrTo&) = delete;

private:
    int kept_;
};

std::string read_all(int fd) {
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    std::string text;
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = read(fd, buffer.data(), buffer.size())) > 0;) {
        text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return text;
}

/// A log that never blocked would take milliseconds; on the old code the alarm ends the test program.
void log_many(int lines) {
    alarm(20);
    for (int i = 0; i < lines; ++i) {
        log_event(LogLevel::error, "line", {{"number", i}, {"text", std::string(80, 'x')}});
    }
    alarm(0);
}

/// Reads and lets the log go on until it has nothing left.
std::string read_on(int fd) {
    std::string text;
    for (int turn = 0; turn < 10'000 && (log_backlog_descriptor() >= 0 || turn < 2); ++turn) {
        text += read_all(fd);
        flush_log();
    }
    return text + read_all(fd);
}

void check_kept_and_counted(const std::string& text, int lines) {
    const std::size_t said = text.find("log-lines-dropped count=");
    REQUIRE(said != std::string::npos);
    const int dropped = std::atoi(text.c_str() + said + std::string_view{"log-lines-dropped count="}.size());
    int kept = 0;
    for (std::size_t at = 0; (at = text.find(" error crowdjack-test: line number=", at)) != std::string::npos; ++at) {
        ++kept;
    }
    CHECK(kept + dropped == lines);
    CHECK(kept >= 200);
    CHECK(text.find("number=0 ") != std::string::npos);  // the first are kept: they say how it began
}

}  // namespace

TEST_CASE("a pipe that nobody reads keeps no program waiting, and what was dropped is counted and said") {
    set_up_log("crowdjack-test", LogLevel::info);
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    const StderrTo piped{ends[1]};
    log_many(20'000);
    CHECK((fcntl(ends[1], F_GETFL) & O_NONBLOCK) == 0);  // the shell's own description is as it was
    check_kept_and_counted(read_on(ends[0]), 20'000);
    log_event(LogLevel::info, "after");
    CHECK(read_all(ends[0]).find("info crowdjack-test: after\n") != std::string::npos);
    close(ends[0]);
    close(ends[1]);
}

TEST_CASE("a journal's socket that nobody reads keeps no program waiting") {
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    const StderrTo socket{ends[1]};
    log_many(20'000);
    check_kept_and_counted(read_on(ends[0]), 20'000);
    close(ends[0]);
    close(ends[1]);
}

TEST_CASE("a terminal that is stopped (Ctrl-S) keeps no program waiting, and one that is closed is not missed") {
    int terminal{};
    int screen{};
    REQUIRE(openpty(&terminal, &screen, nullptr, nullptr, nullptr) == 0);
    const StderrTo shown{screen};
    REQUIRE(tcflow(screen, TCOOFF) == 0);
    log_many(2'000);
    REQUIRE(tcflow(screen, TCOON) == 0);
    CHECK(read_on(terminal).find("number=0 ") != std::string::npos);
    close(terminal);
    log_many(100);
    CHECK(log_backlog_descriptor() < 0);
    close(screen);
}

TEST_CASE("the control loop writes what waited as soon as somebody reads again") {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    const StderrTo piped{ends[1]};
    log_many(1'500);
    REQUIRE(log_backlog_descriptor() >= 0);
    ControlLoop loop;
    std::string text;
    loop.every(std::chrono::milliseconds{5}, [&] {
        text += read_all(ends[0]);
        if (log_backlog_descriptor() < 0) {
            loop.stop();
        }
    });
    alarm(30);
    loop.run();
    alarm(0);
    CHECK(log_backlog_descriptor() < 0);
    close(ends[0]);
    close(ends[1]);
}

TEST_CASE("a program whose last words nobody reads ends all the same") {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        log_many(5'000);
        _exit(run_main("crowdjack-test", []() -> int { throw std::runtime_error{"the end"}; }));
    }
    int status{};
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 1);
    close(ends[0]);
    close(ends[1]);
}

TEST_CASE("under systemd a line begins with its priority") {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    struct stat status {};
    REQUIRE(fstat(ends[1], &status) == 0);
    setenv("JOURNAL_STREAM", (std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino)).c_str(), 1);
    {
        const StderrTo journal{ends[1]};
        log_event(LogLevel::warning, "w");
        log_event(LogLevel::error, "e");
        log_event(LogLevel::info, "i");
    }
    unsetenv("JOURNAL_STREAM");
    const std::string text = read_all(ends[0]);
    CHECK(text.starts_with("<4>20"));
    CHECK(text.find("\n<3>20") != std::string::npos);
    CHECK(text.find("\n<6>20") != std::string::npos);
    close(ends[0]);
    close(ends[1]);
}

TEST_CASE("no value of a log line reaches the terminal as a control byte, and umlauts stay") {
    const std::string line = log_line(LogLevel::info, "p", "e",
                                      {{"a", "\x1b[31mred"},
                                       {"b", "J\xc3\xa4ger"},
                                       {"c", "\xff\xfe"},
                                       {"d", "\xc2\x9b"
                                             "1m"},
                                       {"e", "\x7f"},
                                       {"f", "\xe2\x80\xae"
                                             "evil"},
                                       {"g", "a\tb"}});
    CHECK(line.ends_with("p: e a=\"\\x1b[31mred\" b=J\xc3\xa4ger c=\"\\xff\\xfe\" d=\"\\xc2\\x9b1m\" e=\"\\x7f\" "
                         "f=\"\\xe2\\x80\\xae\x65vil\" g=\"a\\x09b\""));
}

TEST_CASE("text is fit for a terminal when every byte of it is a shown character of UTF-8") {
    CHECK(printable("plain \xe2\x99\xab \xf0\x9f\x8e\xb6") == "plain \xe2\x99\xab \xf0\x9f\x8e\xb6");
    CHECK(printable("two\nlines", true) == "two\nlines");
    CHECK(printable("two\nlines") == "two\\x0alines");
    CHECK(printable("\xc0\x80") == "\\xc0\\x80");                    // overlong
    CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // half of a pair
    CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // beyond the last
    CHECK(printable("\xe2\x99") == "\\xe2\\x99");                    // cut
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text = printable(std::string(1, static_cast<char>(byte)));
        CHECK(std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }));
    }
}
