// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/web_viewer.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

namespace crowdjack::test {

namespace {

int connected_to(int port, int receive_buffer) {
    const int own = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0) {
        (void)::setsockopt(own, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(own, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(own);
        throw std::runtime_error{"nobody serves a page on port " + std::to_string(port)};
    }
    return own;
}

}  // namespace

WebViewer::WebViewer(int port, bool stalled) : socket_{connected_to(port, stalled ? 2048 : 0)}, stalled_{stalled} {
    const std::string request = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                                "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    std::string head;
    if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
        for (char byte = 0; !head.ends_with("\r\n\r\n") && ::recv(socket_, &byte, 1, 0) == 1;) {
            head += byte;
        }
    }
    if (head.find(" 101 ") == std::string::npos) {
        ::close(socket_);
        throw std::runtime_error{"the page lets no viewer in: " + head};
    }
}

WebViewer::~WebViewer() { ::close(socket_); }

bool WebViewer::read() {
    std::array<unsigned char, 65536> part{};
    for (;;) {
        const ssize_t size = ::recv(socket_, part.data(), part.size(), MSG_DONTWAIT);
        if (size <= 0) {
            return size < 0 && (errno == EAGAIN || errno == EINTR);
        }
        bytes_ += static_cast<std::size_t>(size);
        waiting_.insert(waiting_.end(), part.begin(), part.begin() + size);
        take_frames();
    }
}

/// RFC 6455, section 5.2; what a server sends is not masked.
void WebViewer::take_frames() {
    std::size_t at = 0;
    while (waiting_.size() >= at + 2) {
        const unsigned char* const frame = waiting_.data() + at;
        const int kind = frame[0] & 0x0F;
        std::size_t length = frame[1] & 0x7F;
        const std::size_t head = length == 126 ? 4 : length == 127 ? 10 : 2;
        if (waiting_.size() < at + head) {
            break;
        }
        if (head > 2) {
            length = 0;
            for (std::size_t i = 2; i < head; ++i) {
                length = length * 256 + frame[i];
            }
        }
        if (waiting_.size() < at + head + length) {
            break;
        }
        if (kind == 9) {  // a ping, which carries at most 125 bytes; masked with zeros
            std::vector<unsigned char> pong{0x8A, static_cast<unsigned char>(0x80 | length), 0, 0, 0, 0};
            pong.insert(pong.end(), frame + head, frame + head + length);
            (void)::send(socket_, pong.data(), pong.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        }
        updates_ += kind == 1 ? 1U : 0U;
        at += head + length;
    }
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace crowdjack::test
