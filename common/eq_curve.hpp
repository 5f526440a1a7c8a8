// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"

#include <cmath>

namespace crowdjack {

/// crowdstream's EQ scale: 0 kills the band, 50 is flat, between them straight in decibels from -24 to 0; above 50 up
/// to `boost` at 100.
class EqCurve {
public:
    /// @param boost  dB at 100 %, >= 0; 0 leaves the upper half flat
    explicit constexpr EqCurve(Decibels boost = {}) noexcept : boost_{boost} {}

    /// @param percent  0…100
    [[nodiscard]] Gain gain(double percent) const noexcept {
        if (percent <= 0.0) {
            return {0.0F};
        }
        return to_gain({percent <= 50.0 ? floor_db * (1.0 - percent / 50.0) : boost_.value * (percent / 50.0 - 1.0)});
    }

    /// The percentage that sounds like `gain`, within 0…100: below -24 dB it is 0.
    [[nodiscard]] double percent(Gain gain) const noexcept {
        if (gain.value <= 0.0F) {
            return 0.0;
        }
        const double db = to_decibels(static_cast<double>(gain.value)).value;
        if (db <= 0.0) {
            return std::fmax(0.0, 50.0 * (1.0 - db / floor_db));
        }
        return boost_.value <= 0.0 ? 50.0 : std::fmin(100.0, 50.0 * (1.0 + db / boost_.value));
    }

private:
    static constexpr double floor_db = -24.0;
    Decibels boost_;
};

}  // namespace crowdjack
