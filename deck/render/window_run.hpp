// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/realtime.hpp"
#include "deck/render/read_head.hpp"
#include "deck/track/residency_plan.hpp"
#include "deck/track/track_windows.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace crowdjack {

/// A whole-frame loop as it bears on unfolded frames: from `out` on, they wrap.
using FrameLoop = ResidencyWants::Loop;

/// The track frame that the unfolded frame `frame` means.
[[nodiscard]] constexpr std::int64_t folded(std::int64_t frame, const std::optional<FrameLoop>& loop) noexcept {
    return loop && frame >= loop->out ? loop->in + (frame - loop->in) % (loop->out - loop->in) : frame;
}

/// Reads the resident windows of one track along its loop. Audio thread.
class WindowRun final : public SampleRun {
public:
    WindowRun(const TrackWindows& windows, std::optional<FrameLoop> loop) noexcept : windows_{&windows}, loop_{loop} {}

    [[nodiscard]] CROWDJACK_REALTIME Place place(std::int64_t first, std::size_t size) const noexcept override;
    CROWDJACK_REALTIME void gather(std::int64_t first, std::span<float> left, std::span<float> right) noexcept override;

    /// The first unfolded frame in [first, end) that should sound but is not there (not resident, or cut off); `end`
    /// when all is well. What lies outside the track is silence, and is there.
    [[nodiscard]] CROWDJACK_REALTIME std::int64_t first_missing(std::int64_t first, std::int64_t end) const noexcept;

private:
    const TrackWindows* windows_;
    std::optional<FrameLoop> loop_;
};

}  // namespace crowdjack
