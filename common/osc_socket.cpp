// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/osc_socket.hpp"

#include "common/error.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::size_t largest_packet = 65536;
constexpr int packets_per_turn = 256;  ///< then timers and other sockets get their turn

int bound_socket(const std::string& bind_address, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::inet_pton(AF_INET, bind_address.c_str(), &address.sin_addr) != 1) {
        throw UsageError{"--osc-bind '" + bind_address +
                         "' is no IPv4 address: use 127.0.0.1, or this machine's address"};
    }
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        throw Failure{"cannot create a UDP socket: " + errno_text(errno)};
    }
    constexpr int buffer_bytes = 1 << 20;  // rides out bursts while a handler works; the kernel may grant less
    (void)::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        ::close(fd);
        throw Failure{"cannot bind OSC port " + std::to_string(port) + " on " + bind_address + ": " +
                      errno_text(error) +
                      " (is another program using it? choose one with --osc-port, or 0 for a free one)"};
    }
    return fd;
}

}  // namespace

OscSocket::OscSocket(ControlLoop& loop, const std::string& bind_address, std::uint16_t port, Received received)
    : loop_{loop}, fd_{bound_socket(bind_address, port)}, received_{std::move(received)} {
    loop_.watch(fd_, [this] { receive(); });
}

OscSocket::~OscSocket() {
    loop_.unwatch(fd_);
    ::close(fd_);
}

void OscSocket::send(const OscEndpoint& to, const OscMessage& message) const {
    const std::vector<char> packet = message.serialised();
    (void)::sendto(fd_, packet.data(), packet.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to.address),
                   sizeof to.address);
}

OscEndpoint OscSocket::endpoint() const {
    OscEndpoint endpoint;
    socklen_t length = sizeof endpoint.address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&endpoint.address), &length);
    if (endpoint.address.sin_addr.s_addr == htonl(INADDR_ANY)) {
        endpoint.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    return endpoint;
}

void OscSocket::receive() {
    alignas(8) static thread_local std::array<char, largest_packet> buffer;
    for (int i = 0; i < packets_per_turn; ++i) {
        OscEndpoint from;
        socklen_t length = sizeof from.address;
        const ssize_t size =
            ::recvfrom(fd_, buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from.address), &length);
        if (size < 0 && errno != ECONNREFUSED && errno != EINTR) {  // refused: an earlier answer found nobody
            return;
        }
        if (size >= 0) {
            received_(from, buffer.data(), static_cast<std::size_t>(size));
        }
    }
}

}  // namespace crowdjack
