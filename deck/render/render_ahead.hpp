// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "common/realtime.hpp"
#include "deck/render/deck_mix.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <span>

namespace crowdjack {

/// The next few periods of a mix in steady motion, so that at short periods most cycles only copy: waking up to code
/// and data that have left the caches costs more than the arithmetic of 128 frames.
///
/// Nothing is heard later for it: whoever changes the mix forgets what was rendered, and the next cycle starts afresh.
/// Sound is a function of the frame (DeckMix), so it is the same samples with or without. Audio thread.
class RenderAhead {
public:
    /// Where the mix's motion stands.
    struct Place {
        double source;  ///< unfolded
        double speed;   ///< source frames per output frame
    };

    /// Writes frames that are held to `left` and `right` (same length). @returns false when they are not
    CROWDJACK_EVERY_CYCLE bool give(JackFrame frame, std::span<float> left, std::span<float> right) const noexcept;

    /// Renders what a cycle of `size` frames from `frame` on and those after it need, of a mix that is steady().
    /// @returns false, holding nothing, when the cycle is long enough by itself, when not all is resident, or when the
    /// motion bends within the cycle: then the mix itself knows what to do
    CROWDJACK_REALTIME bool render(DeckMix& mix, JackFrame frame, std::size_t size, RenderScratch& scratch) noexcept;

    /// The mix is, or is about to be, another one: what it was to play from `frame` on is void, and its read heads are
    /// as if they had not run ahead.
    CROWDJACK_REALTIME void forget(DeckMix& mix, JackFrame frame) noexcept;

    /// See DeckEngine::make_resident().
    bool make_resident() noexcept;

    /// Past what is held, 0 when nothing is; the motion's place before it.
    /// @{
    [[nodiscard]] JackFrame end() const noexcept { return end_; }
    [[nodiscard]] CROWDJACK_REALTIME Place place(JackFrame frame) const noexcept {
        const auto at = static_cast<double>((frame - begin_).value);
        return {curve_.at(at), curve_.speed_at(at)};
    }
    /// @}

private:
    /// It holds what lies before a multiple of this. Long, since at short periods getting started costs as much as some
    /// thousand frames' arithmetic.
    static constexpr std::int64_t block_frames = 8 * DeckMix::grid_frames;
    static constexpr std::size_t capacity = 2 * static_cast<std::size_t>(block_frames);

    struct Held {
        alignas(64) std::array<float, capacity> left{}, right{};
    };

    JackFrame begin_{}, end_{};  ///< what held_ holds
    PositionCurve curve_;        ///< of the motion, from begin_ on
    std::unique_ptr<Held> held_{std::make_unique<Held>()};
};

}  // namespace crowdjack
