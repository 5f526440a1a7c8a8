// SPDX-License-Identifier: GPL-3.0-or-later
// What the tempo is meant to do from some frame on, as pieces of straight line.
#pragma once

#include "common/quantities.hpp"
#include "common/tempo_line.hpp"

#include <vector>

namespace crowdjack {

/// A straight way from one tempo to another; before it the first, after it the second.
struct TempoRamp {
    JackFrame from{}, to{};
    Bpm from_bpm{120.0}, to_bpm{120.0};

    [[nodiscard]] Bpm at(JackFrame frame) const noexcept;
    /// Still on the way at `frame`.
    [[nodiscard]] bool running_at(JackFrame frame) const noexcept { return frame < to && from_bpm != to_bpm; }
};

/// A passing bend of the tempo that shifts the phase without a jump: a triangle on top of the ramp, whose area is the
/// shift.
struct TempoBend {
    /// A bend reaches at most this part of the tempo, as a DJ's pitch fader would.
    static constexpr double steepest = 0.16;
    static constexpr double shortest_s = 0.2;

    JackFrame from{}, middle{}, to{};
    double peak_bpm{};  ///< at `middle`, added to the tempo

    /// The bend from `from` on that adds exactly `shift` beats at `rate` Hz around tempo `bpm`.
    static TempoBend shifting(Beats shift, JackFrame from, Bpm bpm, double rate) noexcept;

    [[nodiscard]] double at(JackFrame frame) const noexcept;
    [[nodiscard]] bool active_at(JackFrame frame) const noexcept { return frame < to && peak_bpm != 0.0; }
};

/// The lines that lead from `from` (at `beat`, running at `bpm` up to there) through the ramp and the bend: each begins
/// where the one before it ends, in beat and in tempo. At least one.
///
/// A ramp that is over at `from` is a step to its end there: the one way for the tempo to jump, taken only when asked
/// for.
[[nodiscard]] std::vector<TempoLine> lines_of(JackFrame from, Beats beat, Bpm bpm, const TempoRamp& ramp,
                                              const TempoBend& bend, double rate);

}  // namespace crowdjack
