// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/features.hpp"

#include <string>

namespace crowdjack {

/// The key a track is in.
struct FoundKey {
    std::string name;     ///< C, Gm, F#m, …; empty: no tones to speak of
    double confidence{};  ///< 0…1: how much better it fits than the next
};

/// The track's tones, the bass twice, held against how often each degree sounds in each key (Krumhansl and Kessler's
/// profiles), together with what GetKeyMode says of the keys from moment to moment.
[[nodiscard]] FoundKey find_key(const TrackFeatures& features);

}  // namespace crowdjack
