// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/realtime.hpp"
#include "deck/render/ramp.hpp"
#include "deck/render/read_head.hpp"
#include "deck/render/trajectory.hpp"
#include "deck/render/window_run.hpp"
#include "deck/track/track_stream.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace crowdjack {

/// Room to render in; one per audio thread.
struct RenderScratch {
    ReadHead::Scratch gathered;
    alignas(64) std::array<float, 8192> left{}, right{};          ///< a voice beside the first
    alignas(64) std::array<float, 8192> mix_left{}, mix_right{};  ///< one mix on its way in or out
};

/// One track sounding along a deck's motion: the deck's own track, or a stem with a place and speed of its own.
///
/// Its position is an affine map of the motion's: own frame = offset + scale * motion frame. Copied by value into
/// fading ghosts. Audio thread.
struct DeckVoice {
    enum class State : std::uint8_t {
        empty,  ///< no track
        ready,  ///< loaded; sounds from the deck's next start on
        playing,
        ended,    ///< played to its end
        stopped,  ///< by command: a start of the deck leaves it silent
    };

    TrackStream* stream{nullptr};
    State state{State::empty};
    double scale{1.0};
    double offset{0.0};
    double own_rate{1.0};                ///< a stem's own speed, part of scale
    std::optional<FrameLoop> own_loop;   ///< in own frames; instead of the deck's
    std::optional<double> start_source;  ///< own frame for the deck's next start; none: in line with the deck's track
    Ramp gain{1.0F};
    Ramp fade{1.0F};  ///< starts and stops of a stem by itself
    Ramp gate{1.0F};  ///< closes before frames that are not there
    ReadHead head{SincBank::shared()};

    [[nodiscard]] bool sounds() const noexcept { return state == State::playing; }
    [[nodiscard]] double own_position(double motion_source) const noexcept {
        return bounded_source(offset + scale * motion_source);
    }

    /// It sounds, but its track ended before the motion's (unfolded) frame `motion_source`.
    [[nodiscard]] CROWDJACK_REALTIME bool is_over(const Trajectory& motion, double motion_source) const noexcept;

    /// The loop that bears on it under `motion`, if it was entered.
    [[nodiscard]] CROWDJACK_REALTIME std::optional<FrameLoop> loop_under(const Trajectory& motion) const noexcept;

    /// Writes the sound of outputs first … first + size - 1 of `piece` (own frames, unfolded) to `left` and `right`.
    /// @returns output frames whose source was missing
    CROWDJACK_REALTIME std::uint32_t render(const CurvePiece& piece, std::size_t first,
                                            const std::optional<FrameLoop>& loop, ReadHead::Scratch& scratch,
                                            std::span<float> left, std::span<float> right) noexcept;

    /// No ramp is on its way, and the gate is open.
    [[nodiscard]] bool steady() const noexcept {
        return gain.settled() && fade.settled() && gate.settled() && gate.target() == 1.0F;
    }
    /// render() of all of `piece` would find its frames and leave the gate open.
    [[nodiscard]] CROWDJACK_REALTIME bool all_there(const CurvePiece& piece,
                                                    const std::optional<FrameLoop>& loop) const noexcept;

    /// Tells the stream where it will be read next.
    CROWDJACK_REALTIME void publish(double own_position, double speed, const std::optional<FrameLoop>& loop) noexcept;

private:
    /// Unfolded frames [first, last) that a piece may look at, a closing gate's included.
    struct Reach {
        double speed;
        double kernel;
        std::int64_t first, last;
    };
    [[nodiscard]] CROWDJACK_REALTIME Reach reach_of(const PositionCurve& curve, std::size_t count) const noexcept;
    CROWDJACK_REALTIME std::uint32_t watch_gate(const PositionCurve& curve, const WindowRun& run,
                                                std::size_t count) noexcept;
};

}  // namespace crowdjack
