// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "common/realtime.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace crowdjack {

/// The way from one value to another over a move.
enum class FadeShape : std::uint8_t {
    linear,       ///< from + (to - from) * t
    equal_power,  ///< down: to + (from - to) * cos(t pi/2); up: from + (to - from) * sin(t pi/2): the powers of a pair
                  ///< add up
    smooth,       ///< half a cosine: no corner at either end, for knobs and switches
};

/// One movement of a parameter: at `start` it leaves where it then is, at `start + length` it is at `target` exactly.
struct Move {
    static constexpr JackFrame soonest{std::numeric_limits<std::int64_t>::min()};

    JackFrame start{soonest};  ///< `soonest`: with the first frame of the cycle that learns of it
    Frames length{};           ///< >= 0; 0 jumps
    float target{};
    FadeShape shape{FadeShape::linear};
};

/// A parameter's value at every frame: the move in progress and up to 16 scheduled ones, each from wherever the one
/// before it left off. The value is a closed form of the frame, so a fade is exact to the sample at any period size.
///
/// One thread at a time. Trivially copyable.
class Automation {
public:
    static constexpr std::size_t capacity = 16;

    Automation() noexcept { reset(1.0F); }
    explicit Automation(float value) noexcept { reset(value); }

    /// Forgets every move: the value is `value` from now on.
    void reset(float value) noexcept;

    /// Adds a move; one scheduled for the very same frame is replaced. A start before `now` is too late: the move
    /// begins at `now` and still ends when it was to end (but takes at least 5 ms' worth of its length, to stay
    /// click-free).
    /// @param now  first frame that has not been rendered
    /// @returns false when 16 moves are waiting already
    CROWDJACK_REALTIME bool schedule(Move move, JackFrame now, Frames least_length) noexcept;

    /// Forgets the moves that begin after `now`; the one in progress goes on. Settles at `now`.
    CROWDJACK_REALTIME void forget_waiting(JackFrame now) noexcept;

    /// Takes over what begins or ends at or before `frame`. Frames may only rise.
    CROWDJACK_REALTIME void settle(JackFrame frame) noexcept;

    /// True when the value does not change within [frame, frame + frames). Settles at `frame`.
    [[nodiscard]] CROWDJACK_REALTIME bool holds(JackFrame frame, std::size_t frames) noexcept;

    /// Writes the value at frame, frame + 1, … into `values`. Settles as it goes.
    CROWDJACK_REALTIME void render(JackFrame frame, std::span<float> values) noexcept;

    /// The value at `frame`; precondition: settled at or before it, nothing pending begins before it.
    [[nodiscard]] float value_at(JackFrame frame) const noexcept;
    /// Where the move in progress (or the last one) leads.
    [[nodiscard]] float target() const noexcept { return active_.target; }
    /// Where everything scheduled leads in the end.
    [[nodiscard]] float final_target() const noexcept {
        return pending_count_ == 0 ? active_.target : pending_[pending_count_ - 1].target;
    }
    [[nodiscard]] std::size_t pending() const noexcept { return pending_count_; }
    [[nodiscard]] bool moving() const noexcept { return moving_; }
    /// The frame at which the next waiting move begins, or the far future.
    [[nodiscard]] JackFrame next_start() const noexcept {
        return pending_count_ == 0 ? JackFrame{std::numeric_limits<std::int64_t>::max()} : pending_[0].start;
    }
    /// Where that move leads; without one, target().
    [[nodiscard]] float next_target() const noexcept {
        return pending_count_ == 0 ? active_.target : pending_[0].target;
    }
    /// The frame at which the move in progress ends.
    [[nodiscard]] JackFrame end() const noexcept { return active_.start + active_.length; }

private:
    CROWDJACK_REALTIME void render_move(JackFrame frame, std::span<float> values) const noexcept;

    // What a resting parameter is asked for every cycle shares one cache line.
    alignas(64) Move active_{};  ///< in progress, or the last one done
    float from_{};               ///< the value at active_.start
    bool moving_{};              ///< active_ is not done
    std::uint8_t pending_count_{};
    std::array<Move, capacity> pending_{};  ///< by rising start
};

}  // namespace crowdjack
