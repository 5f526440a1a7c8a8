// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/overloaded.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace crowdjack {

/// The OSC type N: nothing stands there.
struct OscNothing {
    friend bool operator==(OscNothing, OscNothing) = default;
};

/// One argument as it is on the wire: i h f d s T/F N.
using OscAtom = std::variant<std::int32_t, std::int64_t, float, double, std::string, bool, OscNothing>;

/// Its type tag.
[[nodiscard]] constexpr char tag_of(const OscAtom& atom) noexcept {
    constexpr std::string_view tags{"ihfdsTN"};
    const bool* const flag = std::get_if<bool>(&atom);
    return flag != nullptr && !*flag ? 'F' : tags[atom.index()];
}

/// Whole numbers, h and i, as 64 bits; floats as doubles.
[[nodiscard]] inline double number_of(const OscAtom& atom) {
    return std::visit(Overloaded{[](const std::string&) { return 0.0; }, [](OscNothing) { return 0.0; },
                                 [](auto value) { return static_cast<double>(value); }},
                      atom);
}

/// For people: 0.5, A, true; empty for nothing. The shortest digits that read back as the same number.
[[nodiscard]] std::string text_of(const OscAtom& atom);

}  // namespace crowdjack
