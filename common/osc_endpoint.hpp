// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <string>

namespace crowdjack {

/// A UDP address. Equality by host and port.
struct OscEndpoint {
    sockaddr_in address{};

    /// Resolving may block for seconds: only at start-up. `localhost` and this machine's own name need none.
    enum class Host { numeric, resolvable };

    /// @param url  `osc.udp://HOST:PORT/`
    /// @throws Failure when it is no such URL or the host is unknown
    static OscEndpoint parse(const std::string& url, Host host_kind = Host::resolvable);
    /// Without resolving the host. @throws Failure when it is no such URL
    static void check_form(const std::string& url);
    static OscEndpoint loopback(std::uint16_t port);
    [[nodiscard]] std::string url() const;
    [[nodiscard]] std::uint16_t port() const noexcept { return ntohs(address.sin_port); }
    [[nodiscard]] bool is_loopback() const noexcept;
    friend bool operator==(const OscEndpoint& a, const OscEndpoint& b) noexcept {
        return a.address.sin_addr.s_addr == b.address.sin_addr.s_addr && a.address.sin_port == b.address.sin_port;
    }
};

}  // namespace crowdjack
