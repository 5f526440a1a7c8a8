// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/waves.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace crowdjack::test {

/// How far the clicks of a section that begins on one are from where they belong, in ms: the onset is the first sample
/// of half the local peak within 60 ms around.
/// @param click_bpm  before the change of tempo; @param speed  of the change
inline std::vector<double> click_errors(const AudioContent& audio, double click_bpm, double speed) {
    std::vector<double> errors;
    const double rate = audio.rate;
    const auto level = [&audio](std::int64_t frame) {
        return std::abs(audio.interleaved[static_cast<std::size_t>(frame * audio.channels)]);
    };
    for (int beat = 0;; ++beat) {
        const double ideal = beat * 60.0 / click_bpm / speed * rate;
        const auto from = std::max<std::int64_t>(std::llround(ideal - 0.06 * rate), 0);
        const auto until = std::llround(ideal + 0.06 * rate);
        if (until > audio.frames()) {
            return errors;
        }
        float peak = 0.0F;
        for (std::int64_t i = from; i < until; ++i) {
            peak = std::max(peak, level(i));
        }
        std::int64_t onset = from;
        while (onset < until && level(onset) < 0.5F * peak) {
            ++onset;
        }
        errors.push_back((static_cast<double>(onset) - ideal) / rate * 1000.0);
    }
}

}  // namespace crowdjack::test
