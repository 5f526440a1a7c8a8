// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>

namespace crowdjack::web {

/// Says in the local network, through Avahi, where the OSCQuery tree (`_oscjson._tcp`) and the front door (`_osc._udp`)
/// are, for as long as it lives. Without Avahi's daemon: one line in the log, and nothing else changes; a daemon that
/// comes later is used.
class Announcement {
public:
    Announcement(std::uint16_t query_port, std::uint16_t osc_port);
    ~Announcement();
    Announcement(const Announcement&) = delete;
    Announcement& operator=(const Announcement&) = delete;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace crowdjack::web
