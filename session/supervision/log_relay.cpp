// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/supervision/log_relay.hpp"

#include "common/error.hpp"
#include "common/log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace crowdjack {

namespace {

constexpr std::size_t longest_line = 4000;

/// `time level crowdjack-deck: rest`, as the suite's programs write, becomes `time level deck-A: rest`; anything else
/// is an event of ours.
void pass_on(const std::string& client, std::string_view line) {
    if (line.empty()) {
        return;
    }
    const auto program = line.find(" crowdjack-");
    const auto colon = line.find(": ");
    const bool ours = line.size() > 24 && line[4] == '-' && line[10] == 'T' && program != std::string_view::npos &&
                      colon != std::string_view::npos && program < colon && program < 40;
    if (!ours) {
        log_event(LogLevel::info, "output", {{"client", client}, {"text", line}});
        return;
    }
    std::string text{line.substr(0, program + 1)};
    text.append(client).append(line.substr(colon)).append("\n");
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

}  // namespace

LogRelay::LogRelay(ControlLoop& loop, std::filesystem::path folder) : loop_{loop}, folder_{std::move(folder)} {
    std::error_code error;
    std::filesystem::create_directory(folder_, error);
    if (error) {
        throw Failure{"cannot make " + folder_.string() + ": " + error.message()};
    }
}

LogRelay::~LogRelay() {
    for (const auto& [client, channel] : channels_) {
        loop_.unwatch(channel.fd);
        ::close(channel.fd);
    }
}

std::filesystem::path LogRelay::channel(const std::string& client) {
    std::filesystem::path path = folder_ / client;
    if (channels_.contains(client)) {
        return path;
    }
    if (::mkfifo(path.c_str(), 0600) != 0 && errno != EEXIST) {
        throw Failure{"cannot make " + path.string() + ": " + errno_text(errno)};
    }
    // Read-write: without a writer it would forever report its end.
    const int fd = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    struct stat status {};
    if (fd < 0 || ::fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode)) {
        throw Failure{"cannot read from " + path.string() + ": is it in the way? remove it"};
    }
    channels_[client].fd = fd;
    loop_.watch(fd, [this, client] { read(client); });
    return path;
}

void LogRelay::read(const std::string& client) {
    Channel& channel = channels_.at(client);
    std::array<char, 4096> buffer{};
    const ssize_t size = ::read(channel.fd, buffer.data(), buffer.size());
    if (size <= 0) {
        return;
    }
    channel.partial.append(buffer.data(), static_cast<std::size_t>(size));
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = channel.partial.find('\n', begin)) != std::string::npos; begin = end + 1) {
        pass_on(client, std::string_view{channel.partial}.substr(begin, end - begin));
    }
    channel.partial.erase(0, begin);
    if (channel.partial.size() > longest_line) {
        pass_on(client, channel.partial);
        channel.partial.clear();
    }
}

void LogRelay::drain() {
    for (const auto& [client, channel] : channels_) {
        for (int turn = 0; turn < 16; ++turn) {
            read(client);
        }
    }
}

}  // namespace crowdjack
