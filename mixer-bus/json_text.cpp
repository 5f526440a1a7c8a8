// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/json_text.hpp"

#include <charconv>
#include <cstdint>

namespace crowdjack {

bool is_utf8(std::string_view bytes) noexcept {
    for (std::size_t i = 0; i < bytes.size();) {
        const auto first = static_cast<unsigned char>(bytes[i++]);
        const std::size_t more = first < 0x80 ? 0 : first < 0xC2 ? 4 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
        if (first > 0xF4 || more > bytes.size() - i || more == 4) {
            return false;
        }
        std::uint32_t code = more == 0 ? first : first & (0x3FU >> more);
        for (std::size_t k = 0; k < more; ++k) {
            const auto byte = static_cast<unsigned char>(bytes[i++]);
            if ((byte & 0xC0U) != 0x80U) {
                return false;
            }
            code = code << 6U | (byte & 0x3FU);
        }
        if ((more == 2 && code < 0x800) || (more == 3 && code < 0x10000) || code > 0x10FFFF ||
            (code >= 0xD800 && code < 0xE000)) {
            return false;
        }
    }
    return true;
}

std::string json_text(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const bool plain = is_utf8(bytes);
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '%' || (!plain && byte >= 0x80)) {
            text += {'%', digits[byte >> 4U], digits[byte & 15U]};
        } else {
            text += c;
        }
    }
    return text;
}

std::string bytes_of_json_text(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        const char* const end = text.data() + i + 3;
        if (text[i] == '%' && i + 2 < text.size() && std::from_chars(text.data() + i + 1, end, value, 16).ptr == end) {
            bytes += static_cast<char>(value);
            i += 2;
        } else {
            bytes += text[i];
        }
    }
    return bytes;
}

}  // namespace crowdjack
