// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/systemd/service_notice.hpp"

#include "common/descriptor.hpp"
#include "common/printable.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace crowdjack {

namespace {

std::string taken_variable(const char* name) {
    const char* value = std::getenv(name);
    std::string text = value != nullptr ? value : "";
    ::unsetenv(name);
    return text;
}

std::optional<std::int64_t> number_of(const std::string& text) {
    std::int64_t number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

}  // namespace

ServiceNotice::ServiceNotice() : socket_{taken_variable("NOTIFY_SOCKET")} {
    const auto interval = number_of(taken_variable("WATCHDOG_USEC"));
    const auto pid = number_of(taken_variable("WATCHDOG_PID"));
    if (!socket_.empty() && interval && *interval > 0 && (!pid || *pid == ::getpid())) {
        watchdog_ = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds{*interval});
    }
}

void ServiceNotice::keep_alive(ControlLoop& loop) const {
    if (watchdog_) {
        loop.every(std::max(*watchdog_ / 2, std::chrono::milliseconds{10}), [this] { say("WATCHDOG=1"); });
    }
}

void ServiceNotice::say(const std::string& state) const {
    sockaddr_un address{};
    if (socket_.size() < 2 || socket_.size() >= sizeof address.sun_path) {
        return;
    }
    address.sun_family = AF_UNIX;
    std::copy(socket_.begin(), socket_.end(), std::begin(address.sun_path));
    if (socket_.front() == '@') {
        address.sun_path[0] = '\0';  // abstract
    }
    const Descriptor fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const std::string text = printable(state, true);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
    (void)::sendto(fd.get(), text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                   length);
}

}  // namespace crowdjack
