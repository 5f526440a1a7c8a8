// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/tag_bounds.hpp"

#include "common/audio/bytes.hpp"

#include <algorithm>
#include <cstring>

namespace crowdjack {

namespace {

constexpr std::size_t id3_head = 10;
constexpr std::size_t id3v1_bytes = 128;
constexpr std::size_t ape_head = 32;
constexpr std::size_t most_zeros = std::size_t{64} << 20U;  // of a file that may hold nothing else
constexpr std::string_view ape_mark{"APETAGEX"};

/// ID3v2.4 section 3.1: four bytes of seven bits; a footer repeats the head.
std::size_t id3_length(std::span<const std::byte> bytes, std::size_t at) {
    if (bytes.size() < at + id3_head || !begins_with(bytes, at, "ID3") || octet(bytes, at + 3) == 0xFF ||
        octet(bytes, at + 4) == 0xFF) {
        return 0;
    }
    std::size_t length = 0;
    for (std::size_t i = at + 6; i < at + id3_head; ++i) {
        if (octet(bytes, i) > 0x7F) {
            return 0;
        }
        length = length << 7U | octet(bytes, i);
    }
    const bool has_footer = (octet(bytes, at + 5) & 0x10U) != 0;
    return std::min(id3_head + length + (has_footer ? id3_head : 0), bytes.size() - at);
}

std::size_t ape_size(std::span<const std::byte> bytes, std::size_t at) {
    std::size_t size = 0;
    for (std::size_t i = 4; i-- > 0;) {
        size = size << 8U | octet(bytes, at + 12 + i);
    }
    return size;
}

/// APEv2: the size in the head counts the items and the footer, not the head.
std::size_t ape_length(std::span<const std::byte> bytes, std::size_t at) {
    if (bytes.size() < at + ape_head || !begins_with(bytes, at, ape_mark)) {
        return 0;
    }
    return std::min(ape_head + ape_size(bytes, at), bytes.size() - at);
}

/// An APE tag, known by its footer, that ends at `end`.
std::size_t ape_before(std::span<const std::byte> bytes, std::size_t end) {
    if (end < ape_head || !begins_with(bytes, end - ape_head, ape_mark)) {
        return 0;
    }
    const bool has_head = (octet(bytes, end - ape_head + 23) & 0x80U) != 0;
    const std::size_t length = ape_size(bytes, end - ape_head) + (has_head ? ape_head : 0);
    return length >= ape_head && length <= end ? length : 0;
}

}  // namespace

bool begins_with(std::span<const std::byte> bytes, std::size_t at, std::string_view text) {
    return bytes.size() >= at && bytes.size() - at >= text.size() &&
           std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

std::size_t tag_length(std::span<const std::byte> bytes, std::size_t at) {
    const std::size_t id3 = id3_length(bytes, at);
    return id3 > 0 ? id3 : ape_length(bytes, at);
}

std::size_t end_of_id3_tags(std::span<const std::byte> bytes) {
    std::size_t at = 0;
    while (const std::size_t tag = id3_length(bytes, at)) {
        at += tag;
    }
    return at;
}

std::size_t end_of_leading_tags(std::span<const std::byte> bytes) {
    std::size_t at = 0;
    while (true) {
        const auto looked_at = bytes.subspan(at, std::min(most_zeros, bytes.size() - at));
        const auto sound = std::ranges::find_if(looked_at, [](std::byte each) { return each != std::byte{0}; });
        at += static_cast<std::size_t>(sound - looked_at.begin());
        const std::size_t tag = tag_length(bytes, at);
        if (tag == 0) {
            return at;
        }
        at += tag;
    }
}

std::size_t begin_of_trailing_tags(std::span<const std::byte> bytes) {
    std::size_t end = bytes.size();
    while (true) {
        if (end >= id3v1_bytes && begins_with(bytes, end - id3v1_bytes, "TAG")) {
            end -= id3v1_bytes;
        } else if (const std::size_t ape = ape_before(bytes, end); ape > 0) {
            end -= ape;
        } else {
            return end;
        }
    }
}

}  // namespace crowdjack
