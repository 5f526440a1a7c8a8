// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/error.hpp"

#include <cmath>
#include <cstdint>
#include <utility>

namespace crowdjack {

/// A whole number out of JSON that others may have written, 1e300 or 7.5 included: the library's own conversion of such
/// a number is undefined.
/// @throws Failure when it is none, or does not fit
template <typename Whole, typename Json>
[[nodiscard]] Whole whole_number(const Json& from) {
    constexpr double exact = 9007199254740992.0;  // 2^53: doubles beyond it are no counts
    const auto refuse = [&from] { throw Failure{from.dump() + " in it is no whole number that fits there"}; };
    std::int64_t number = 0;
    if (from.is_number_float()) {
        const auto value = from.template get<double>();
        if (!(std::abs(value) <= exact) || std::trunc(value) != value) {
            refuse();
        }
        number = static_cast<std::int64_t>(value);
    } else {
        const bool fits = from.is_number_unsigned() ? std::in_range<std::int64_t>(from.template get<std::uint64_t>())
                                                    : from.is_number();
        if (!fits) {
            refuse();
        }
        number = from.template get<std::int64_t>();
    }
    if (!std::in_range<Whole>(number)) {
        refuse();
    }
    return static_cast<Whole>(number);
}

}  // namespace crowdjack
