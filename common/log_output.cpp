// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/log_output.hpp"

#include "common/descriptor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <string>

namespace crowdjack {

namespace {

constexpr std::size_t most_lines = 1000;
constexpr std::size_t most_bytes = 256 * 1024;

/// How stderr can be written to without waiting.
enum class Way {
    plain,     ///< a file, or already non-blocking
    reopened,  ///< a non-blocking description of our own: the shell's keeps its flags
    socket,    ///< each call says that it does not want to wait
    asked      ///< poll() first; not more at once than fits for sure
};

bool is_journal(const struct stat& status) {
    const char* stream = std::getenv("JOURNAL_STREAM");
    return stream != nullptr && stream == std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
}

class LogOutput {
public:
    void write(LogLevel level, std::string_view line) {
        const std::lock_guard lock{mutex_};
        look_where();
        flush_now();
        std::string text = journal_ ? priority(level) : std::string{};
        text.append(line).append("\n");
        if (waiting_.empty()) {
            text.erase(0, taken(text));
        }
        if (!text.empty()) {
            keep(std::move(text));
        }
    }

    void flush() {
        const std::lock_guard lock{mutex_};
        look_where();
        flush_now();
    }

    int backlog() {
        const std::lock_guard lock{mutex_};
        return waiting_.empty() ? -1 : descriptor();
    }

    std::uint64_t dropped() {
        const std::lock_guard lock{mutex_};
        return dropped_ + said_;
    }

private:
    static std::string priority(LogLevel level) {
        constexpr std::array<const char*, 4> syslog{"<3>", "<4>", "<6>", "<7>"};
        return syslog[static_cast<std::size_t>(level)];
    }

    [[nodiscard]] int descriptor() const { return way_ == Way::reopened ? own_.get() : STDERR_FILENO; }

    /// stderr may be another one than at the last line.
    void look_where() {
        struct stat status {};
        if (::fstat(STDERR_FILENO, &status) != 0 || (status.st_dev == device_ && status.st_ino == inode_)) {
            return;
        }
        device_ = status.st_dev;
        inode_ = status.st_ino;
        journal_ = is_journal(status);
        own_ = Descriptor{};
        const int flags = ::fcntl(STDERR_FILENO, F_GETFL);
        if (S_ISSOCK(status.st_mode)) {
            way_ = Way::socket;
        } else if (S_ISREG(status.st_mode) || (flags >= 0 && (flags & O_NONBLOCK) != 0)) {
            way_ = Way::plain;
        } else {
            own_ = Descriptor{::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
            way_ = own_ ? Way::reopened : Way::asked;
        }
    }

    /// Bytes that are no longer ours to worry about: written, or refused for good.
    std::size_t taken(std::string_view text) const {
        std::size_t done = 0;
        while (done < text.size()) {
            const ssize_t written = write_some(text.substr(done));
            if (written >= 0) {
                done += static_cast<std::size_t>(written);
            } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
                return done;
            } else if (errno != EINTR) {
                return text.size();  // nobody will ever read it: the terminal is closed, the disk is full
            }
        }
        return done;
    }

    [[nodiscard]] ssize_t write_some(std::string_view text) const {
        if (way_ == Way::socket) {
            return ::send(STDERR_FILENO, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        }
        if (way_ == Way::asked) {
            pollfd room{STDERR_FILENO, POLLOUT, 0};
            if (::poll(&room, 1, 0) == 0) {
                errno = EAGAIN;
                return -1;
            }
            text = text.substr(0, PIPE_BUF);
        }
        return ::write(descriptor(), text.data(), text.size());
    }

    void flush_now() {
        while (!waiting_.empty()) {
            std::string& front = waiting_.front();
            const std::size_t done = taken(front);
            bytes_ -= done;
            if (done < front.size()) {
                front.erase(0, done);
                return;
            }
            waiting_.pop_front();
        }
        if (dropped_ > 0) {
            std::string text = journal_ ? priority(LogLevel::warning) : std::string{};
            text += log_line(LogLevel::warning, log_program(), "log-lines-dropped",
                             {{"count", dropped_}, {"why", "whoever reads this log did not keep up"}}) +
                    "\n";
            said_ += std::exchange(dropped_, 0);
            text.erase(0, taken(text));
            if (!text.empty()) {
                keep(std::move(text));
            }
        }
    }

    void keep(std::string text) {
        if (waiting_.size() >= most_lines || bytes_ + text.size() > most_bytes) {
            ++dropped_;
            return;
        }
        bytes_ += text.size();
        waiting_.push_back(std::move(text));
    }

    std::mutex mutex_;
    Way way_{Way::plain};
    Descriptor own_;
    dev_t device_{};
    ino_t inode_{};
    bool journal_{false};
    std::deque<std::string> waiting_;  ///< the first may have begun
    std::size_t bytes_{0};
    std::uint64_t dropped_{0}, said_{0};
};

LogOutput& output() {
    static auto* instance = new LogOutput;  // NOLINT(cppcoreguidelines-owning-memory): threads may log to the very end
    return *instance;
}

}  // namespace

void write_log_line(LogLevel level, std::string_view line) { output().write(level, line); }

int log_backlog_descriptor() noexcept { return output().backlog(); }

void flush_log() noexcept { output().flush(); }

void flush_log(std::chrono::milliseconds patience) noexcept {
    const auto until = std::chrono::steady_clock::now() + patience;
    for (flush_log(); log_backlog_descriptor() >= 0 && std::chrono::steady_clock::now() < until; flush_log()) {
        pollfd room{log_backlog_descriptor(), POLLOUT, 0};
        (void)::poll(&room, 1, 10);
    }
}

std::uint64_t log_lines_dropped() noexcept { return output().dropped(); }

}  // namespace crowdjack
