// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <memory>

namespace crowdjack {

namespace {

struct Freed {
    void operator()(void* memory) const noexcept { std::free(memory); }
};

/// False when `text` is not UTF-8.
bool mapped(std::string_view text, unsigned options, std::string& result) {
    utf8proc_uint8_t* memory = nullptr;
    const utf8proc_ssize_t size =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                     &memory, static_cast<utf8proc_option_t>(options));
    const std::unique_ptr<utf8proc_uint8_t, Freed> owner{memory};
    if (size < 0) {
        return false;
    }
    result.assign(reinterpret_cast<const char*>(memory), static_cast<std::size_t>(size));
    return true;
}

}  // namespace

std::string composed(std::string_view text) {
    std::string result;
    return mapped(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE, result) ? result : std::string{text};
}

std::string match_key(std::string_view text) {
    std::string result;
    if (!mapped(text, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD, result)) {
        result = text;
        std::ranges::transform(result, result.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    }
    return result;
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    return first == std::string_view::npos ? std::string_view{}
                                           : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string fixed(double value, int decimals) {
    std::array<char, 400> text{};
    const auto [end, error] =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, decimals);
    std::string result{text.data(), end};
    // "-0.000000" is nobody's idea of a cue.
    const bool is_zero = result.find_first_of("123456789") == std::string::npos;
    return is_zero && result.starts_with('-') ? result.substr(1) : result;
}

std::string shortest(double value) {
    std::array<char, 40> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
    return {text.data(), end};
}

bool parse_number(std::string_view text, double& value) noexcept {
    double parsed{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(parsed)) {
        return false;
    }
    value = parsed;
    return true;
}

}  // namespace crowdjack
