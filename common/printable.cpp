// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/printable.hpp"

#include <cstdint>

namespace crowdjack {

namespace {

/// Bytes of a UTF-8 character that begins with `lead`; 0 when none does.
std::size_t length_after(unsigned char lead) noexcept {
    return lead < 0x80 ? 1 : (lead & 0xE0) == 0xC0 ? 2 : (lead & 0xF0) == 0xE0 ? 3 : (lead & 0xF8) == 0xF0 ? 4 : 0;
}

bool may_be_shown(std::uint32_t code, std::size_t length) noexcept {
    constexpr std::uint32_t shortest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool overlong = code < shortest[length];
    const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
    const bool separator = code == 0x2028 || code == 0x2029;
    const bool turns = (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return !overlong && !control && !separator && !turns && !surrogate && code <= 0x10FFFF;
}

}  // namespace

std::size_t shown_length(std::string_view text) noexcept {
    if (text.empty()) {
        return 0;
    }
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = length_after(lead);
    if (length == 0 || length > text.size()) {
        return 0;
    }
    std::uint32_t code = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xC0) != 0x80) {
            return 0;
        }
        code = (code << 6) | (next & 0x3FU);
    }
    return may_be_shown(code, length) ? length : 0;
}

void append_escaped(std::string& out, char byte) {
    constexpr const char* digits = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(byte);
    out += "\\x";
    out += digits[value >> 4];
    out += digits[value & 0xF];
}

std::string printable(std::string_view text, bool keep_lines) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        std::size_t length = shown_length(text);
        if (length > 0 || (keep_lines && text.front() == '\n')) {
            length = length == 0 ? 1 : length;
            result += text.substr(0, length);
        } else {
            length = 1;
            append_escaped(result, text.front());
        }
        text.remove_prefix(length);
    }
    return result;
}

}  // namespace crowdjack
