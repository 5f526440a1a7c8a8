// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/realtime.hpp"
#include "deck/render/deck_voice.hpp"
#include "deck/render/trajectory.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace crowdjack {

/// All that a deck plays at once: its track and its stems along one motion. A value: a jump copies it into a ghost that
/// fades while the original goes on elsewhere. Audio thread (and tests).
struct DeckMix {
    static constexpr std::size_t stem_slots = 16;
    /// Sound is computed in pieces that begin at multiples of this (and at bends), whatever the period: the same
    /// samples for the same frames in every deck. Shorter than a tempo line's notice: a piece that a new line cuts is
    /// computed anew, and a deck must not have begun it when another has heard of the line already.
    static constexpr std::int64_t grid_frames = 512;
    [[nodiscard]] static constexpr JackFrame grid_before(JackFrame frame, std::int64_t step = grid_frames) noexcept {
        return {frame.value - (frame.value % step + step) % step};
    }

    Trajectory motion;  ///< in frames of the track, of the server's rate when there is none
    DeckVoice track;    ///< its scale is 1 and its offset 0
    std::array<DeckVoice, stem_slots> stems{};
    std::size_t used_slots{0};  ///< stems from here on are empty
    Ramp level{1.0F};           ///< its way in
    Ramp leaving{1.0F};         ///< a ghost's way out, on top: no edge when it was still coming in

    [[nodiscard]] CROWDJACK_REALTIME bool has_sound() const noexcept;
    [[nodiscard]] CROWDJACK_REALTIME bool refers_to(const TrackStream* stream) const noexcept;
    [[nodiscard]] CROWDJACK_REALTIME bool has_stems() const noexcept;

    /// Writes the sound of the frames frame … frame + size - 1.
    /// @returns output frames that were missing, at most `left.size()`
    CROWDJACK_REALTIME std::uint32_t render(JackFrame frame, RenderScratch& scratch, std::span<float> left,
                                            std::span<float> right) noexcept;

    /// Anchors the motion where it stands at `frame`, folded, leaving every voice where it is.
    CROWDJACK_REALTIME void settle_at(JackFrame frame) noexcept;

    /// Has every read head go on at a motion of `speed` source frames per output frame, whatever it read last.
    CROWDJACK_REALTIME void settle_heads(double speed) noexcept;

    /// Puts the track at `source` at `frame`; voices of their own place (stems that loop by themselves) move along.
    CROWDJACK_REALTIME void jump_to(JackFrame frame, double source) noexcept { motion.anchor(frame, source); }

    /// Voices that passed their end become `ended`. @returns true when something ended now
    CROWDJACK_REALTIME bool end_voices(JackFrame frame) noexcept;

    /// A voice will have ended by `frame`.
    [[nodiscard]] CROWDJACK_REALTIME bool ends_before(JackFrame frame) const noexcept;

    /// Where the streams will be read next; `frame` is the next cycle's.
    CROWDJACK_REALTIME void publish(JackFrame frame) noexcept;

    /// No ramp is on its way in it: its sound is a function of the frame alone.
    [[nodiscard]] CROWDJACK_REALTIME bool steady() const noexcept;

    /// All that `count` frames from `frame` on need is resident, and what a fade after them would.
    [[nodiscard]] CROWDJACK_REALTIME bool all_there(JackFrame frame, std::size_t count) const noexcept;

    /// The motion's positions over `length` frames from `from` on, which must lie between two bends.
    [[nodiscard]] CROWDJACK_REALTIME PositionCurve curve_over(double from, double length) const noexcept;

    /// The track and every slot that may hold a stem.
    /// @{
    template <typename Action>
    void each_voice(Action&& action) {
        action(track);
        for (std::size_t slot = 0; slot < used_slots; ++slot) {
            action(stems[slot]);
        }
    }
    template <typename Action>
    void each_voice(Action&& action) const {
        action(track);
        for (std::size_t slot = 0; slot < used_slots; ++slot) {
            action(stems[slot]);
        }
    }
    /// @}

    /// The stem of a slot, to be changed.
    CROWDJACK_REALTIME DeckVoice& use_slot(std::size_t slot) noexcept {
        used_slots = std::max(used_slots, slot + 1);
        return stems[slot];
    }

private:
    /// A piece of the motion and the output of it that comes next.
    struct Piece {
        CurvePiece curve;
        std::size_t first;
    };

    [[nodiscard]] CROWDJACK_REALTIME Piece piece_at(JackFrame frame) const noexcept;
    CROWDJACK_REALTIME std::uint32_t render_piece(const Piece& piece, RenderScratch& scratch, std::span<float> left,
                                                  std::span<float> right) noexcept;
};

static_assert(std::is_trivially_copyable_v<DeckMix>);

}  // namespace crowdjack
