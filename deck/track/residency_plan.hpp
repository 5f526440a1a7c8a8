// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace crowdjack {

/// What the audio thread may want to hear of a track without notice.
struct ResidencyWants {
    /// A whole-frame loop [in, out).
    struct Loop {
        std::int64_t in{}, out{};
    };

    std::int64_t length{};                 ///< frames of the track
    double rate{48000.0};                  ///< Hz
    std::optional<std::int64_t> playhead;  ///< where it plays, folded; none while it doesn't
    double speed{1.0};                     ///< source seconds per second
    std::optional<Loop> loop;              ///< the window goes around its wrap
    std::optional<std::int64_t> armed;     ///< the place the next start plays from: a whole window
    std::vector<std::int64_t> points;      ///< hot cues, loop points, places being sought: small windows
};

/// Seconds of a window behind and ahead of the playhead, and ahead of a point.
inline constexpr double window_behind_s = 0.15;
inline constexpr double window_ahead_s = 2.5;
inline constexpr double point_ahead_s = 0.35;

/// Pages that should be resident, the most urgent first, each once.
[[nodiscard]] std::vector<std::int64_t> wanted_pages(const ResidencyWants& wants);

/// Pages of the small window of a point: those whose presence makes it ready.
[[nodiscard]] std::vector<std::int64_t> point_pages(std::int64_t point, std::int64_t length, double rate);

}  // namespace crowdjack
