// SPDX-License-Identifier: GPL-3.0-or-later
// OSC packets byte by byte, also such as no library sends.
#pragma once

#include "tests/support/osc_client.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack::test {

/// Bytes of an OSC string: terminated and padded to four.
inline void append_string(std::vector<char>& packet, std::string_view text) {
    packet.insert(packet.end(), text.begin(), text.end());
    packet.insert(packet.end(), 4 - text.size() % 4, '\0');
}

inline std::vector<char> packet_of(std::string_view address, std::string_view types, std::string_view arguments = {}) {
    std::vector<char> packet;
    append_string(packet, address);
    append_string(packet, types);
    packet.insert(packet.end(), arguments.begin(), arguments.end());
    return packet;
}

inline std::vector<char> bundle_of(std::uint32_t seconds, std::uint32_t fraction,
                                   const std::vector<std::vector<char>>& elements) {
    std::vector<char> bundle;
    append_string(bundle, "#bundle");
    const auto number = [&bundle](std::uint32_t value) {
        for (const unsigned shift : {24U, 16U, 8U, 0U}) {
            bundle.push_back(static_cast<char>((value >> shift) & 255U));
        }
    };
    number(seconds);
    number(fraction);
    for (const auto& element : elements) {
        number(static_cast<std::uint32_t>(element.size()));
        bundle.insert(bundle.end(), element.begin(), element.end());
    }
    return bundle;
}

/// A bundle dated so many seconds from now.
inline std::vector<char> dated_bundle(double seconds, const std::vector<std::vector<char>>& elements) {
    timeval now{};
    gettimeofday(&now, nullptr);
    constexpr double since_1900 = 2'208'988'800.0;
    const double then =
        since_1900 + static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_usec) * 1e-6 + seconds;
    const auto whole = static_cast<std::uint32_t>(static_cast<std::uint64_t>(then));
    return bundle_of(whole, static_cast<std::uint32_t>((then - static_cast<double>(whole)) * 4294967295.0), elements);
}

/// What a received packet holds: its address and arguments as text, for what liblo's client can't send and hear at one
/// port.
struct RawAnswer {
    std::string address;
    std::vector<std::string> texts;   ///< its strings
    std::vector<std::int32_t> whole;  ///< its i arguments
};

/// A bare UDP socket: sends any bytes, and hears what comes back.
class RawClient {
public:
    explicit RawClient(std::uint16_t port) : fd_{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
            throw std::runtime_error{"no UDP socket"};
        }
    }
    ~RawClient() { ::close(fd_); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    void send(const std::vector<char>& packet) const { (void)::send(fd_, packet.data(), packet.size(), 0); }

    [[nodiscard]] std::string url() const {
        sockaddr_in own{};
        socklen_t length = sizeof own;
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&own), &length);
        return "osc.udp://127.0.0.1:" + std::to_string(ntohs(own.sin_port)) + "/";
    }

    /// The next packet; an empty address when none comes in time.
    [[nodiscard]] RawAnswer next(int milliseconds = 5000) const {
        const timeval limit{milliseconds / 1000, (milliseconds % 1000) * 1000};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        std::array<char, 65536> bytes{};
        const ssize_t size = ::recv(fd_, bytes.data(), bytes.size(), 0);
        return size <= 0 ? RawAnswer{} : parsed(bytes.data(), static_cast<std::size_t>(size));
    }

    RawAnswer ask(const std::vector<char>& packet) const {
        send(packet);
        return next();
    }

private:
    static RawAnswer parsed(const char* data, std::size_t size) {
        RawAnswer answer;
        std::size_t at = 0;
        const auto text = [&] {
            std::string found{data + at};
            at += (found.size() / 4 + 1) * 4;
            return found;
        };
        answer.address = text();
        const std::string types = at < size ? text() : ",";
        for (const char type : types.substr(1)) {
            if (type == 's') {
                answer.texts.push_back(text());
            } else if (type == 'i') {
                std::uint32_t bits{};
                std::copy_n(data + at, 4, reinterpret_cast<char*>(&bits));
                answer.whole.push_back(static_cast<std::int32_t>(ntohl(bits)));
                at += 4;
            } else {
                at += type == 'f' ? 4 : type == 'd' || type == 'h' ? 8 : 0;
            }
        }
        return answer;
    }

    int fd_;
};

}  // namespace crowdjack::test
