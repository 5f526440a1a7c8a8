// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/realtime.hpp"
#include "deck/ramp.hpp"
#include "deck/read_head.hpp"
#include "deck/track_stream.hpp"
#include "deck/trajectory.hpp"
#include "deck/window_run.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace crowdjack {

/// Room to render in; one per audio thread.
struct RenderScratch {
    ReadHead::Scratch gathered;
    alignas(64) std::array<float, 8192> left{}, right{};          ///< one voice
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
    [[nodiscard]] double own_position(double motion_source) const noexcept { return offset + scale * motion_source; }

    /// The loop that bears on it under `motion`, if it was entered.
    [[nodiscard]] CROWDJACK_REALTIME std::optional<FrameLoop> loop_under(const Trajectory& motion) const noexcept;

    /// Adds the sound of `left.size()` frames along `curve` (own frames, unfolded) to `left` and `right`.
    /// @returns output frames whose source was missing
    CROWDJACK_REALTIME std::uint32_t add(const PositionCurve& curve, const std::optional<FrameLoop>& loop,
                                         RenderScratch& scratch, std::span<float> left,
                                         std::span<float> right) noexcept;

    /// Tells the stream where it will be read next.
    CROWDJACK_REALTIME void publish(double own_position, double speed, const std::optional<FrameLoop>& loop) noexcept;

private:
    CROWDJACK_REALTIME std::uint32_t watch_gate(const PositionCurve& curve, const WindowRun& run,
                                                std::size_t count) noexcept;
};

}  // namespace crowdjack
