// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "common/realtime.hpp"

#include <cmath>
#include <cstdint>

namespace crowdjack {

/// Bar, beat, tick as JACK's transport and musicians count them: bars and beats from 1, ticks from 0.
struct BarBeatTick {
    static constexpr int beats_per_bar = 4;
    static constexpr int ticks_per_beat = 1920;

    std::int32_t bar{1}, beat{1}, tick{0};
    double bar_start_tick{};  ///< ticks from the beginning to this bar

    /// The place of `beat` (0 is the first downbeat; earlier ones count as that). Ticks round down. Bars are counted up
    /// to two billion (more than a century) and stay there.
    CROWDJACK_REALTIME static BarBeatTick of(Beats beat) noexcept {
        // Below a millionth of a tick the beat counts as reached: the rounding of the line's closed form.
        const double ticks = std::fmax(0.0, beat.value) * ticks_per_beat + 1e-6;
        const double whole = std::floor(ticks);
        const double beats = std::floor(whole / ticks_per_beat);
        const double bars = std::floor(beats / beats_per_bar);
        constexpr double most_bars = 2e9;
        return {static_cast<std::int32_t>(std::fmin(bars, most_bars)) + 1,
                static_cast<std::int32_t>(beats - bars * beats_per_bar) + 1,
                static_cast<std::int32_t>(whole - beats * ticks_per_beat), bars * beats_per_bar * ticks_per_beat};
    }
};

}  // namespace crowdjack
