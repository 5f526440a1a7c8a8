// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

namespace crowdjack::test {

/// A signal whose samples say their place in it: exact in a float, at most half of full scale, never 0. It repeats
/// after `period` frames (166 s at 48 kHz).
struct PlaceCode {
    static constexpr std::int64_t period = 8'000'000;

    static constexpr double scale = 16'777'216.0;  // 2^24

    [[nodiscard]] static float value(std::int64_t place) {
        return static_cast<float>(place % period + 1) / 16777216.0F;
    }

    /// Of an exact value; nothing when the sample is none.
    [[nodiscard]] static std::optional<std::int64_t> place(float sample) {
        const double number = static_cast<double>(sample) * scale - 1.0;
        const bool exact = number >= 0.0 && number < static_cast<double>(period) && number == std::floor(number);
        return exact ? std::optional{static_cast<std::int64_t>(number)} : std::nullopt;
    }
};

}  // namespace crowdjack::test
