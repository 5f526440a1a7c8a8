// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/control/deck.hpp"

#include <algorithm>
#include <cstdint>

namespace crowdjack {

/// Has the track's frames from `source` on in memory for the next start, and those of the beat before it: a start on
/// the beat may begin that much earlier. In file frames.
inline void arm_start(const Track& track, double source) {
    const double beat = track.grid.first_beat_s ? 60.0 / track.bpm * rate_of(track) : 0.0;
    track.stream->set_armed(static_cast<std::int64_t>(std::max(0.0, source - beat)));
}

}  // namespace crowdjack
