// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cmath>
#include <span>

namespace crowdjack {

/// Beyond this a sample is damage, not sound: 36 dB above full scale.
inline constexpr float absurd_level = 64.0F;

/// Replaces what no engine survives (NaN, Inf) or recovers from soon (absurd levels) by silence.
inline void clean_input(std::span<float> samples) noexcept {
    for (float& sample : samples) {
        // The negation also catches NaN.
        if (!(std::abs(sample) <= absurd_level)) {
            sample = 0.0F;
        }
    }
}

}  // namespace crowdjack
