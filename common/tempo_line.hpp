// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace crowdjack {

/// The tempo that every process of a session shares: from frame `from` (beat `start_beat`) the BPM moves linearly from
/// `from_bpm` to `to_bpm` at frame `to`, then holds.
///
/// A line is a whole state, not a change to one, so losing or repeating it does no harm. All questions it answers are
/// closed forms of the frame: two processes that hold the same line can't disagree, however long they run. Safe on any
/// thread.
class TempoLine {
public:
    constexpr TempoLine() noexcept = default;

    /// @param start_beat  the beat at `from`; continuous with the line before it
    /// @param frames_per_second  the JACK server's rate in Hz, > 0
    constexpr TempoLine(JackFrame from, Beats start_beat, Bpm from_bpm, JackFrame to, Bpm to_bpm,
                        double frames_per_second) noexcept
        : from_{from},
          to_{to},
          start_beat_{start_beat},
          from_bpm_{from_bpm},
          to_bpm_{to_bpm},
          frames_per_minute_{60.0 * frames_per_second} {}

    /// The tempo at `frame`; before the line begins, its first tempo.
    [[nodiscard]] Bpm bpm_at(JackFrame frame) const noexcept;

    /// The beat at `frame`: the integral of bpm_at() over frames, exact to rounding (below 1e-9 beats in a day).
    /// @{
    [[nodiscard]] Beats beat_at(JackFrame frame) const noexcept { return beat_at(static_cast<double>(frame.value)); }
    [[nodiscard]] Beats beat_at(double frame) const noexcept;
    /// @}

    /// The (fractional) frame at which `beat` falls: the inverse of beat_at(), a quadratic inside the ramp.
    [[nodiscard]] double frame_of(Beats beat) const noexcept;

    [[nodiscard]] constexpr JackFrame from() const noexcept { return from_; }
    [[nodiscard]] constexpr JackFrame to() const noexcept { return to_; }
    [[nodiscard]] constexpr Beats start_beat() const noexcept { return start_beat_; }
    [[nodiscard]] constexpr Bpm from_bpm() const noexcept { return from_bpm_; }
    [[nodiscard]] constexpr Bpm to_bpm() const noexcept { return to_bpm_; }
    [[nodiscard]] constexpr double frames_per_second() const noexcept { return frames_per_minute_ / 60.0; }

private:
    [[nodiscard]] double slope() const noexcept;  ///< BPM per frame inside the ramp

    JackFrame from_{}, to_{};
    Beats start_beat_{};
    Bpm from_bpm_{120.0}, to_bpm_{120.0};
    double frames_per_minute_{60.0 * 48000.0};
};

/// The line in force and those announced but not begun, in order of `from`: the tempo at every frame.
///
/// Before a line's `from` the one before it holds; before the first, that line's first tempo. Trivially copyable, so
/// that it travels by value through the queues. Keeps 16 pending lines; one more replaces the last pending.
class TempoMap {
public:
    static constexpr std::size_t capacity =
        18;  ///< one past (still needed by readers behind), one in force, 16 pending

    /// Adds `line`; a line that begins at or before lines already held replaces those (the later word counts).
    void add(const TempoLine& line) noexcept;

    /// Forgets lines that ended before `frame`, keeping the one in force there and its predecessor.
    void forget_before(JackFrame frame) noexcept;

    void clear() noexcept { count_ = 0; }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] const TempoLine& operator[](std::size_t i) const noexcept { return lines_[i]; }

    /// The line in force at `frame`. Precondition: not empty().
    [[nodiscard]] const TempoLine& line_at(double frame) const noexcept;
    [[nodiscard]] Beats beat_at(double frame) const noexcept { return line_at(frame).beat_at(frame); }
    [[nodiscard]] Bpm bpm_at(JackFrame frame) const noexcept {
        return line_at(static_cast<double>(frame.value)).bpm_at(frame);
    }

    /// The first (fractional) frame at or after `not_before` whose beat is a multiple of `quantum` (> 0).
    [[nodiscard]] double next_multiple(double quantum, JackFrame not_before) const noexcept;

    /// The (fractional) frame at which `beat` falls, following every pending line.
    [[nodiscard]] double frame_of(Beats beat) const noexcept;

private:
    std::array<TempoLine, capacity> lines_{};
    std::size_t count_{};
};

}  // namespace crowdjack
