// SPDX-License-Identifier: GPL-3.0-or-later
// The addresses as names: at::deck_gain is "/deck/gain". The one place where they are spelled is addresses.inc.
#pragma once

#include <array>
#include <cstddef>

namespace crowdjack {

namespace protocol {

/// An address without its selectors: "/mixer/{strip}/gain" becomes "/mixer/gain".
template <std::size_t N>
struct Plain {
    std::array<char, N> text{};
    std::size_t size{};

    // NOLINTNEXTLINE(modernize-avoid-c-arrays): a string literal is one
    consteval explicit Plain(const char (&form)[N]) {
        for (std::size_t i = 0; i + 1 < N;) {
            if (form[i] == '/' && form[i + 1] == '{') {
                while (form[i] != '}') {
                    ++i;
                }
                ++i;
            } else {
                text.at(size++) = form[i++];
            }
        }
    }
};

}  // namespace protocol

namespace at {

namespace text {
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): one line of addresses.inc makes a name and a description
#define ADDRESS(name, form, ...) inline constexpr protocol::Plain name{form};
#include "common/protocol/addresses.inc"
#undef ADDRESS
}  // namespace text

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage)
#define ADDRESS(name, form, ...) inline constexpr const char* name = text::name.text.data();
#include "common/protocol/addresses.inc"
#undef ADDRESS

}  // namespace at

}  // namespace crowdjack
