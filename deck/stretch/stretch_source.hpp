// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/render/trajectory.hpp"

#include <span>

namespace crowdjack {

/// What a keep-pitch engine is fed from: a track, or the sum of the stems, at its own pitch.
///
/// Read on the voice's worker thread only, in runs that follow each other without a gap until a jump. Immutable or
/// internally synchronised; shared by up to three takes of one voice, one after the other, never at the same time.
class StretchSource {
public:
    StretchSource() = default;
    StretchSource(const StretchSource&) = delete;
    StretchSource& operator=(const StretchSource&) = delete;
    virtual ~StretchSource() = default;

    /// Fills `left` and `right` (same length, 1…8192 frames) with the sound at the unfolded source positions
    /// `position + i * step`, folded through `motion`'s loop by the reader; silence before the track and after its end.
    ///
    /// `step` is always file rate ÷ server rate (unity pitch); where both are equal, `position` is whole, so that a
    /// reader can copy. May block while storage stalls: the voice then plays what it has and goes silent. It must come
    /// back in the end, since the voice's destructor waits for it.
    virtual void read(const Trajectory& motion, double position, double step, std::span<float> left,
                      std::span<float> right) = 0;
};

}  // namespace crowdjack
