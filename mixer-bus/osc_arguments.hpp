// SPDX-License-Identifier: GPL-3.0-or-later
// What several /mixer commands have in common: strips, bands, moves.
#pragma once

#include "common/client_shell.hpp"
#include "mixer-bus/desk.hpp"

#include <cstddef>
#include <string_view>

namespace crowdjack {

inline constexpr double highest_gain = 4.0;  ///< +12 dB, for every linear gain
inline constexpr double longest_ramp_seconds = 600.0;
inline constexpr Seconds knob_ramp{
    0.010};  ///< what a command without a ramp takes: too short to hear, too long to click

/// @throws OscError{not_found} naming the strips there are
[[nodiscard]] std::size_t strip_argument(const OscRequest& request, const Desk& desk);
/// @throws OscError{bad_arguments} naming the bands
[[nodiscard]] Band band_argument(const OscRequest& request, std::size_t i);

/// When and how fast: `[d:ramp_s [i:frame]]` from argument `i` on.
struct Timing {
    JackFrame start;
    Frames length;
    FadeShape shape;

    [[nodiscard]] Move to(double target) const noexcept {
        return {.start = start, .length = length, .target = static_cast<float>(target), .shape = shape};
    }
};
[[nodiscard]] Timing timing_arguments(ClientShell& shell, const OscRequest& request, std::size_t i);
/// The timing of `seconds` (at least 5 ms), straight; no ramp or a shorter one: half a cosine of 10 or 5 ms.
[[nodiscard]] Timing timing(ClientShell& shell, std::optional<JackFrame> start, std::optional<double> seconds);

/// @throws OscError{refused}: too many moves wait
[[noreturn]] void refuse_move();
/// Moves a parameter. @throws OscError when its queue is full or the audio thread hangs
void move_or_refuse(Desk& desk, ParameterId id, const Move& move);

}  // namespace crowdjack
