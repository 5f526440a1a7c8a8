// SPDX-License-Identifier: GPL-3.0-or-later
// How one track gives the floor to the next: eight scheduled ramps.
#pragma once

#include <cstddef>
#include <span>

namespace crowdjack {

/// What a ramp moves.
enum class Control { fader, low, mid, high };
/// Whose strip it is.
enum class Side { outgoing, incoming };

/// A ramp, linear in gain, of one control over part of the hand-over's window (0 its begin, 1 its end).
struct HandoverRamp {
    Side side{};
    Control control{};
    float to{};  ///< fader: linear gain; bands: percent (0 kill, 50 flat)
    double from{}, until{};
};

/// Highs go over during the whole window, mids within it, and lows in its middle fifth: there are never two basses for
/// long, and all three have their middle at one place. So a track whose lows are strong and one whose lows are weak
/// make no dip: at each moment the mix is much like one or the other (from -2 to +1.3 dB, whatever is in which band).
/// One band after the other, as a window in thirds has it, leaves a hole of up to 9 dB between a track that lives on
/// its kick and one that begins with chords.
///
/// Both ramps of a swap are three quarters of it long and lie against its ends, so that in its middle both tracks stand
/// at 2/3: the power of two unrelated sources stays within +0.46 and -0.51 dB (1 + 1/9 where the second ramp begins,
/// 2 · (2/3)² in the middle), as an equal-power fade would have it, with plain linear ramps.
///
/// @param plain  only the faders move, in the same way over the whole window: for what has no beat
[[nodiscard]] std::span<const HandoverRamp> handover_ramps(bool plain = false) noexcept;

/// A strip's controls.
struct StripSetting {
    float fader{1.0F};
    float low{50.0F}, mid{50.0F}, high{50.0F};

    [[nodiscard]] float& control(Control which) noexcept;
    [[nodiscard]] float control(Control which) const noexcept;
    friend bool operator==(const StripSetting&, const StripSetting&) = default;
};

/// Where a strip's controls stand `place` (0…1; below 0: before, above 1: after) into the window.
[[nodiscard]] StripSetting handover_setting(Side side, double place, bool plain = false) noexcept;

}  // namespace crowdjack
