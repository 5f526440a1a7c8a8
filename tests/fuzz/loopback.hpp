// SPDX-License-Identifier: GPL-3.0-or-later
// TCP on this machine, both ends.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace crowdjack::test {

/// A connected socket, or none.
class Socket {
public:
    Socket() = default;
    explicit Socket(int fd) : fd_{fd} {}
    ~Socket() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }
    Socket(Socket&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    Socket& operator=(Socket&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

    static Socket to(std::uint16_t port) {
        Socket socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        const sockaddr_in address = loopback(port);
        if (::connect(socket.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            throw std::runtime_error{"nobody listens at port " + std::to_string(port)};
        }
        const timeval patience{8, 0};
        ::setsockopt(socket.fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        return socket;
    }
    static sockaddr_in loopback(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }

    [[nodiscard]] bool open() const noexcept { return fd_ >= 0; }
    void send(const std::string& text) const { (void)::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }
    void end_sending() const { ::shutdown(fd_, SHUT_WR); }
    /// Until the other side ends, or says nothing for 8 s.
    [[nodiscard]] std::string everything() const {
        std::string text;
        std::array<char, 4096> part{};
        for (ssize_t size = 0; (size = ::recv(fd_, part.data(), part.size(), 0)) > 0;) {
            text.append(part.data(), static_cast<std::size_t>(size));
        }
        return text;
    }

private:
    int fd_{-1};
};

class Listener {
public:
    Listener() : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)} {
        sockaddr_in address = Socket::loopback(0);
        socklen_t size = sizeof address;
        if (::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(fd_, 16) != 0 ||
            ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
            throw std::runtime_error{"no port to listen at"};
        }
        port_ = ntohs(address.sin_port);
    }
    ~Listener() { ::close(fd_); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// Who waits, or none.
    [[nodiscard]] Socket accept() const { return Socket{::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC)}; }

private:
    int fd_;
    std::uint16_t port_{};
};

}  // namespace crowdjack::test
