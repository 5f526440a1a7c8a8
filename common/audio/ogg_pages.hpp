// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/audio/mapped_file.hpp"

#include <ogg/ogg.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace crowdjack {

/// Goes through the whole pages of an Ogg file (RFC 3533), over whatever lies between them.
class OggPages {
public:
    explicit OggPages(std::span<const std::byte> bytes) noexcept;
    ~OggPages();
    OggPages(const OggPages&) = delete;
    OggPages& operator=(const OggPages&) = delete;

    /// The next page, valid until the next call. @returns the byte it begins at; nothing after the last
    std::optional<std::size_t> next(ogg_page& page);

    /// The next page is the first from byte `at` on.
    void go_to(std::size_t at) noexcept;

private:
    std::span<const std::byte> bytes_;
    LeavesBehind behind_;
    ogg_sync_state sync_{};
    std::size_t given_{};   ///< bytes that the library was given
    std::size_t passed_{};  ///< bytes before what it looks at
};

/// Puts packets together from the pages of one logical stream.
class OggPackets {
public:
    explicit OggPackets(int serial) noexcept { ogg_stream_init(&stream_, serial); }
    ~OggPackets() { ogg_stream_clear(&stream_); }
    OggPackets(const OggPackets&) = delete;
    OggPackets& operator=(const OggPackets&) = delete;

    void restart(int serial) noexcept { ogg_stream_reset_serialno(&stream_, serial); }
    void add(ogg_page& page) noexcept { ogg_stream_pagein(&stream_, &page); }
    /// @returns false when more pages are needed
    bool next(ogg_packet& packet) noexcept;

private:
    ogg_stream_state stream_{};
};

[[nodiscard]] inline std::string_view as_text(const ogg_packet& packet) noexcept {
    return {reinterpret_cast<const char*>(packet.packet), static_cast<std::size_t>(packet.bytes)};
}

}  // namespace crowdjack
