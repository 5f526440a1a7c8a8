// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "struct-export/track_struct.hpp"

#include <stdexcept>
#include <string>

namespace crowdjack {

/// Why a track is not exported. `what()` is the detail (which path, which number).
class NotExported : public std::runtime_error {
public:
    NotExported(std::string reason, const std::string& detail)
        : std::runtime_error{detail}, reason_{std::move(reason)} {}
    /// A few fixed words, the `reason` of skipped.csv.
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

private:
    std::string reason_;
};

/// The section of a track: heard from `ini`, handed over between `begin` and `end`. Seconds into the track.
struct Cues {
    Seconds ini, begin, end;  ///< ini ≤ begin < end
};

/// What `ini` is in a track without an intro.
enum class IntroFallback { none, downbeat };

/// ini = end of the last intro; begin, end = start, end of the n-th segment (from 1) that starts at or after ini.
/// Segments without length count; one can't be the n-th, nor can an `end` of less than 4 s.
/// @throws NotExported "no intro segment", "fewer than n sections", "empty section"
[[nodiscard]] Cues find_cues(const TrackStruct& track, int n_sections, IntroFallback fallback);

}  // namespace crowdjack
