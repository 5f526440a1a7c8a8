// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/bars.hpp"
#include "struct-export/analysis/beats.hpp"
#include "struct-export/track_struct.hpp"

#include <vector>

namespace crowdjack {

/// A track's form.
struct Form {
    std::vector<Segment> segments;  ///< without gaps from 0 to the track's end
    double confidence{};            ///< 0…1: how clearly its sections differ
};

/// Cuts a track where its sound changes, at whole phrases (multiples of 4 bars), and names the pieces with all-in-one's
/// words by how loud they are and how often they come back: start intro verse chorus break bridge outro end. A track of
/// 16 bars and more has an intro and an outro of at least 4 bars; nothing is longer than 16.
///
/// libqm-dsp's ClusterMeltSegmenter is not used: it seeds itself from the clock, so no two runs agree.
/// @param sounds  of the track's beats
[[nodiscard]] Form find_form(const BeatTrack& beats, const BeatSounds& sounds, double length_s);

}  // namespace crowdjack
