// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/track/ogg_length.hpp"

#include <algorithm>
#include <string_view>

namespace crowdjack {

namespace {

constexpr std::size_t header_bytes = 27;
constexpr std::size_t granule_at = 6;
constexpr std::size_t segments_at = 26;
constexpr double opus_rate = 48000.0;
constexpr std::int64_t most_frames = std::int64_t{1} << 48U;  // beyond any music

std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint64_t little_endian(std::string_view text, std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(text[at + i]);
    }
    return value;
}

/// The page that begins at `at` is there to its last byte.
bool is_whole(std::string_view file, std::size_t at) {
    if (file.size() - at < header_bytes) {
        return false;
    }
    const auto segments = static_cast<unsigned char>(file[at + segments_at]);
    std::size_t size = header_bytes + segments;
    if (file.size() - at < size) {
        return false;
    }
    for (std::size_t i = 0; i < segments; ++i) {
        size += static_cast<unsigned char>(file[at + header_bytes + i]);
    }
    return file.size() - at >= size;
}

}  // namespace

std::int64_t whole_ogg_frames(std::span<const std::byte> bytes, int rate) {
    constexpr std::string_view mark{"OggS"};
    constexpr std::string_view opus_mark{"OpusHead"};
    constexpr std::size_t pre_skip_at = 10;
    const std::string_view file = as_text(bytes);
    const std::string_view head = file.substr(0, 4096);
    std::int64_t granule = 0;
    for (std::size_t at = file.rfind(mark); at != std::string_view::npos && granule <= 0;
         at = at == 0 ? std::string_view::npos : file.rfind(mark, at - 1)) {
        if (is_whole(file, at)) {  // -1: no packet ends on this page
            granule = static_cast<std::int64_t>(little_endian(file, at + granule_at, sizeof granule));
        }
    }
    if (granule <= 0 || granule > most_frames) {
        return 0;
    }
    if (const std::size_t opus = head.find(opus_mark); opus != std::string_view::npos && opus + 12 <= head.size()) {
        granule -= static_cast<std::int64_t>(little_endian(head, opus + pre_skip_at, 2));
        granule = static_cast<std::int64_t>(static_cast<double>(granule) * rate / opus_rate);
    }
    return granule;
}

}  // namespace crowdjack
