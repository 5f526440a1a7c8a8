// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/supervision/log_relay.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "common/log_output.hpp"
#include "session/supervision/last_words.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::size_t longest_log_line = 4000;
constexpr auto pause = std::chrono::milliseconds{250};  ///< for one that prints too much

/// Is `path` still the name of what `file` is?
bool names(const std::filesystem::path& path, const Descriptor& file) {
    struct stat named {};
    struct stat open {};
    return file && ::lstat(path.c_str(), &named) == 0 && ::fstat(file.get(), &open) == 0 &&
           named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

}  // namespace

LogRelay::LogRelay(ControlLoop& loop, std::function<std::filesystem::path()> folder)
    : loop_{loop}, folder_{std::move(folder)} {}

LogRelay::~LogRelay() {
    for (const auto& [client, channel] : channels_) {
        loop_.unwatch(channel.file.get());
    }
}

std::filesystem::path LogRelay::channel(const std::string& client) {
    Channel& channel = channels_[client];
    std::filesystem::path path;
    try {
        path = folder_() / client;
        if (names(path, channel.file)) {
            return path;
        }
        if (channel.file) {  // removed under us: its writer is gone, or we would not start another
            read(client);
            loop_.unwatch(channel.file.get());
            channel.file = Descriptor{};
        }
        open(client, channel, path);
    } catch (const Failure& failure) {
        log_event(LogLevel::warning, "output-not-heard", {{"client", client}, {"why", failure.what()}});
        return "/dev/null";
    }
    return path;
}

void LogRelay::open(const std::string& client, Channel& channel, const std::filesystem::path& path) {
    std::error_code error;
    std::filesystem::create_directory(path.parent_path(), error);
    if (::mkfifo(path.c_str(), 0600) != 0 && errno != EEXIST) {
        throw Failure{"cannot make " + path.string() + ": " + errno_text(errno)};
    }
    // Read-write: without a writer it would forever report its end.
    Descriptor file{::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)};
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISFIFO(status.st_mode)) {
        throw Failure{"cannot read from " + path.string() + ": is it in the way? remove it"};
    }
    channel.file = std::move(file);
    channel.resting = false;
    loop_.watch(channel.file.get(), [this, client] { read(client); });
}

void LogRelay::let_speak(const std::string& client, bool speaks) {
    if (const auto found = channels_.find(client); found != channels_.end()) {
        found->second.speaks = speaks;
    }
}

void LogRelay::read(const std::string& client) {
    Channel& channel = channels_.at(client);
    std::array<char, 4096> buffer{};
    const ssize_t size = ::read(channel.file.get(), buffer.data(), buffer.size());
    if (size <= 0) {
        return;
    }
    count_budget(channel);
    channel.budget -= static_cast<double>(size);
    take(client, channel, {buffer.data(), static_cast<std::size_t>(size)});
    if (channel.budget < 0.0) {
        rest(client, channel);
    }
}

void LogRelay::take(const std::string& client, Channel& channel, std::string_view text) {
    channel.partial.append(text);
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = channel.partial.find('\n', begin)) != std::string::npos; begin = end + 1) {
        pass_on(client, channel, std::string_view{channel.partial}.substr(begin, end - begin));
    }
    channel.partial.erase(0, begin);
    if (channel.partial.size() > longest_log_line) {
        pass_on(client, channel, channel.partial);
        channel.partial.clear();
    }
}

void LogRelay::pass_on(const std::string& client, Channel& channel, std::string_view line) {
    if (line.empty() || !channel.speaks) {
        return;
    }
    if (channel.budget < 0.0) {
        ++channel.dropped;
        return;
    }
    const RelayedLine relayed = relayed_line(client, line);
    write_log_line(relayed.level, relayed.text);
}

void LogRelay::count_budget(Channel& channel) {
    const SessionTime now = SessionClock::now();
    const double passed_s = static_cast<double>((now - channel.seen).count()) / 1000.0;
    channel.budget = std::min(most_at_once, channel.budget + passed_s * bytes_a_second);
    channel.seen = now;
}

void LogRelay::rest(const std::string& client, Channel& channel) {
    // Not read meanwhile: its pipe fills, and its further lines are lost at its own end.
    if (std::exchange(channel.resting, true)) {
        return;
    }
    loop_.unwatch(channel.file.get());
    loop_.after(pause, [this, client] {
        Channel& resting = channels_.at(client);
        if (!std::exchange(resting.resting, false)) {
            return;
        }
        count_budget(resting);
        if (const auto lines = std::exchange(resting.dropped, 0); lines > 0) {
            log_event(LogLevel::warning, "output-dropped",
                      {{"client", client}, {"lines_at_least", lines}, {"why", "it prints more than 64 KiB a second"}});
        }
        loop_.watch(resting.file.get(), [this, client] { read(client); });
    });
}

void LogRelay::drain() {
    for (const auto& [client, channel] : channels_) {
        for (int turn = 0; channel.file && turn < 16; ++turn) {
            read(client);
        }
    }
}

}  // namespace crowdjack
