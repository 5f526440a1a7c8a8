// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cctype>
#include <optional>
#include <string_view>

namespace crowdjack {

/// The three bands of a strip's EQ.
enum class EqBand { low, mid, high };

/// The band that a word names, as crowdstream reads it: whatever begins with `lo`, `mi` or `hi`, in any case
/// (`low`, `LOWS`, `middle`, `hi`).
[[nodiscard]] inline std::optional<EqBand> eq_band_named(std::string_view word) noexcept {
    const auto begins_with = [&](char first, char second) {
        const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
        return word.size() >= 2 && lower(word[0]) == first && lower(word[1]) == second;
    };
    if (begins_with('l', 'o')) {
        return EqBand::low;
    }
    if (begins_with('m', 'i')) {
        return EqBand::mid;
    }
    return begins_with('h', 'i') ? std::optional{EqBand::high} : std::nullopt;
}

}  // namespace crowdjack
