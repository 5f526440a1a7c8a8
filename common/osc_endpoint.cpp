// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/osc_endpoint.hpp"

#include "common/error.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <utility>

namespace crowdjack {

namespace {

/// What a client on this machine calls its own host, as liblo does in the URLs it makes: known without asking anybody.
bool is_this_machine(const std::string& host) {
    std::array<char, 256> name{};
    if (host == "localhost" || ::gethostname(name.data(), name.size() - 1) != 0) {
        return host == "localhost";
    }
    const std::string own{name.data()};
    return !own.empty() && (host == own || host.rfind(own + ".", 0) == 0);
}

Failure wrong_url(const std::string& url, const std::string& why) {
    return Failure{"'" + url + "' is no OSC address: " + why + " (use osc.udp://HOST:PORT/)"};
}

/// Host and port of osc.udp://HOST:PORT/. @throws Failure
std::pair<std::string, std::uint16_t> parts_of(const std::string& url) {
    constexpr std::string_view scheme = "osc.udp://";
    if (url.compare(0, scheme.size(), scheme) != 0) {
        throw wrong_url(url, "it does not begin with osc.udp://");
    }
    const std::string rest = url.substr(scheme.size(), url.find('/', scheme.size()) - scheme.size());
    const std::size_t colon = rest.rfind(':');
    const std::string host = rest.substr(0, colon);
    const std::string port = colon == std::string::npos ? "" : rest.substr(colon + 1);
    if (host.empty() || port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos ||
        std::stoi(port) == 0 || std::stoi(port) > 65535) {
        throw wrong_url(url, "host or port is missing or wrong");
    }
    return {host, static_cast<std::uint16_t>(std::stoi(port))};
}

}  // namespace

void OscEndpoint::check_form(const std::string& url) { (void)parts_of(url); }

OscEndpoint OscEndpoint::parse(const std::string& url, Host host_kind) {
    const auto [host, port] = parts_of(url);
    OscEndpoint endpoint;
    endpoint.address.sin_family = AF_INET;
    endpoint.address.sin_port = htons(port);
    if (::inet_pton(AF_INET, host.c_str(), &endpoint.address.sin_addr) == 1) {
        return endpoint;
    }
    if (is_this_machine(host)) {
        endpoint.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return endpoint;
    }
    if (host_kind == Host::numeric) {
        throw wrong_url(url, "a numeric host is needed here");
    }
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found{};
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0 || found == nullptr) {
        throw wrong_url(url, "host '" + host + "' is unknown");
    }
    endpoint.address.sin_addr = reinterpret_cast<const sockaddr_in*>(found->ai_addr)->sin_addr;
    ::freeaddrinfo(found);
    return endpoint;
}

OscEndpoint OscEndpoint::loopback(std::uint16_t port) {
    OscEndpoint endpoint;
    endpoint.address.sin_family = AF_INET;
    endpoint.address.sin_port = htons(port);
    endpoint.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return endpoint;
}

std::string OscEndpoint::url() const {
    std::array<char, INET_ADDRSTRLEN> host{};
    ::inet_ntop(AF_INET, &address.sin_addr, host.data(), host.size());
    return "osc.udp://" + std::string{host.data()} + ":" + std::to_string(port()) + "/";
}

bool OscEndpoint::is_loopback() const noexcept { return (ntohl(address.sin_addr.s_addr) >> 24U) == 127; }

}  // namespace crowdjack
