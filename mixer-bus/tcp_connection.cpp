// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/tcp_connection.hpp"

#include "common/error.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace crowdjack {

namespace {

/// What the kernel may hold for a reader that takes nothing: a second or two of sound, so that it is noticed.
constexpr int kernel_buffer = 32 * 1024;
constexpr std::size_t chunk_bytes = 4096;

struct Address {
    sockaddr_storage storage{};
    socklen_t size{};
    int family{};
};

}  // namespace

struct TcpConnection::Lookup {
    std::mutex mutex;
    bool done{false};
    std::vector<Address> addresses;
    std::string error;
};

TcpConnection::TcpConnection(const std::string& host, std::uint16_t port) : lookup_{std::make_shared<Lookup>()} {
    // A name server that hangs holds up this thread and nothing else.
    std::thread{[lookup = lookup_, host, port] {
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
        addrinfo* found = nullptr;
        int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
        if (failed != 0) {  // ::1 where only loopback has IPv6
            hints.ai_flags = AI_NUMERICSERV;
            failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
        }
        const std::lock_guard lock{lookup->mutex};
        for (const addrinfo* one = failed == 0 ? found : nullptr; one != nullptr; one = one->ai_next) {
            Address address;
            address.size = one->ai_addrlen;
            address.family = one->ai_family;
            const auto* bytes = reinterpret_cast<const char*>(one->ai_addr);
            std::copy_n(bytes, one->ai_addrlen, reinterpret_cast<char*>(&address.storage));
            lookup->addresses.push_back(address);
        }
        lookup->error = failed == 0 ? "" : gai_strerror(failed);
        lookup->done = true;
        if (found != nullptr) {
            freeaddrinfo(found);
        }
    }}.detach();
}

TcpConnection::~TcpConnection() {
    if (fd_ < 0) {
        return;
    }
    if (!out_.empty()) {  // the other side takes nothing: it learns of the end all the same
        const linger none{.l_onoff = 1, .l_linger = 0};
        setsockopt(fd_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    }
    close(fd_);
}

void TcpConnection::break_off(std::string why) {
    state_ = State::broken;
    why_ = std::move(why);
}

TcpConnection::State TcpConnection::proceed() {
    if (state_ == State::connecting && fd_ < 0) {
        try_next_address();
    }
    if (state_ == State::connecting && fd_ >= 0) {
        check_connecting();
    }
    if (state_ == State::open) {
        flush();
    }
    return state_;
}

void TcpConnection::try_next_address() {
    const std::lock_guard lock{lookup_->mutex};
    if (!lookup_->done) {
        return;
    }
    while (next_address_ < lookup_->addresses.size()) {
        const Address& address = lookup_->addresses[next_address_++];
        fd_ = socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd_ < 0) {
            continue;
        }
        setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &kernel_buffer, sizeof kernel_buffer);
        setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &kernel_buffer, sizeof kernel_buffer);
        if (connect(fd_, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0 ||
            errno == EINPROGRESS) {
            return;
        }
        close(std::exchange(fd_, -1));
    }
    break_off(lookup_->error.empty() ? "nobody answers there" : "that host is not known: " + lookup_->error);
}

void TcpConnection::check_connecting() {
    pollfd socket{.fd = fd_, .events = POLLOUT, .revents = 0};
    if (poll(&socket, 1, 0) <= 0) {
        return;
    }
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) {
        state_ = State::open;
        return;
    }
    close(std::exchange(fd_, -1));  // the host's next address, if it has one
    try_next_address();
}

void TcpConnection::send(std::span<const std::byte> bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }

void TcpConnection::send(std::string_view text) { send(std::as_bytes(std::span{text})); }

void TcpConnection::flush() {
    std::array<std::byte, chunk_bytes> chunk;
    while (!out_.empty()) {
        const std::size_t size = std::min(chunk.size(), out_.size());
        std::copy_n(out_.begin(), size, chunk.begin());
        const ssize_t sent = ::send(fd_, chunk.data(), size, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                break_off("the connection broke: " + errno_text(errno));
            }
            return;
        }
        out_.erase(out_.begin(), out_.begin() + sent);
    }
}

bool TcpConnection::receive(std::string& to, std::size_t most) {
    std::array<char, chunk_bytes> chunk;
    while (state_ == State::open && to.size() < most) {
        const ssize_t size = recv(fd_, chunk.data(), std::min(chunk.size(), most - to.size()), 0);
        if (size > 0) {
            to.append(chunk.data(), static_cast<std::size_t>(size));
        } else if (size == 0) {
            return false;
        } else if (errno == EAGAIN || errno == EINTR) {
            return true;
        } else {
            break_off("the connection broke: " + errno_text(errno));
        }
    }
    return state_ == State::open;
}

}  // namespace crowdjack
