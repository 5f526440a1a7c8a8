// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace crowdjack {

/// The byte at `at`. Precondition: it is there.
[[nodiscard]] inline unsigned octet(std::span<const std::byte> bytes, std::size_t at) {
    return std::to_integer<unsigned>(bytes[at]);
}

/// `size` bytes, at most as many as the number has, the highest first. Precondition: they are there.
template <typename Number>
[[nodiscard]] Number big_endian(std::span<const std::byte> bytes, std::size_t at, std::size_t size) {
    Number value = 0;
    for (std::size_t i = 0; i < size; ++i) {
        value = static_cast<Number>(value << 8U | octet(bytes, at + i));
    }
    return value;
}

}  // namespace crowdjack
