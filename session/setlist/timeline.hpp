// SPDX-License-Identifier: GPL-3.0-or-later
// The time in which a set is planned: beats of the tempo line, or plain frames where there is none.
#pragma once

#include "common/quantities.hpp"
#include "common/tempo_line.hpp"

namespace crowdjack {

/// A place in the set's time: a beat of the tempo line while there is one (so it moves with the line), else a JACK
/// frame.
struct SetTime {
    double at{};
    friend constexpr auto operator<=>(SetTime, SetTime) = default;
};

/// Turns places in part files into places in time, and those into frames: the same way the decks do, which follow the
/// line when there is one and play at unity when there is none.
class Timeline {
public:
    /// @param rate  of the JACK server in Hz
    explicit Timeline(double rate) noexcept : rate_{rate} {}

    void rate(double hz) noexcept { rate_ = hz; }
    [[nodiscard]] double rate() const noexcept { return rate_; }

    /// A line was heard. The first one changes what a SetTime means.
    void add(const TempoLine& line) noexcept { lines_.add(line); }
    /// Frames are void (another run of the server): until a new line comes there is none.
    void clear() noexcept { lines_.clear(); }
    void forget_before(JackFrame frame) noexcept { lines_.forget_before(frame); }
    [[nodiscard]] bool has_line() const noexcept { return !lines_.empty(); }

    [[nodiscard]] SetTime at(double frame) const noexcept;
    [[nodiscard]] SetTime at(JackFrame frame) const noexcept { return at(static_cast<double>(frame.value)); }
    /// The first whole frame at or after it (to rounding), as the decks have it.
    [[nodiscard]] JackFrame frame_of(SetTime moment) const noexcept;
    [[nodiscard]] Bpm bpm_at(JackFrame frame, Bpm without_line) const noexcept;

    /// When a deck that stands at 0 s at `start` stands at `file_s` of a file of `track_bpm`.
    [[nodiscard]] SetTime after(SetTime start, double file_s, double track_bpm) const noexcept;
    /// Where in the file that deck stands at `moment`, in seconds.
    [[nodiscard]] double position(SetTime start, SetTime moment, double track_bpm) const noexcept;
    /// When a deck that stands at `position_s` at `moment` stood at 0 s.
    [[nodiscard]] SetTime start_of(SetTime moment, double position_s, double track_bpm) const noexcept;

    /// A moment `beats` later, of a track of `track_bpm`.
    [[nodiscard]] SetTime beats_later(SetTime moment, double beats, double track_bpm) const noexcept;
    /// How many beats of a track of `track_bpm` lie between two moments.
    [[nodiscard]] double beats_between(SetTime from, SetTime until, double track_bpm) const noexcept;

    /// The first moment at or after `not_before` that lies a multiple of `quantum` beats after beat 0; without a line
    /// `not_before` itself, on a whole frame.
    [[nodiscard]] SetTime next_multiple(double quantum, JackFrame not_before) const noexcept;

    /// Where `file_s` of a track that began at `start` falls: on the nearest whole beat of that track if one lies
    /// within a quarter of a beat (cues come from an analysis with an error of some milliseconds, the grid does not),
    /// else exactly there.
    [[nodiscard]] SetTime on_grid(SetTime start, double file_s, double track_bpm) const noexcept;

private:
    [[nodiscard]] double units_per_beat(double track_bpm) const noexcept;

    double rate_;
    TempoMap lines_;
};

}  // namespace crowdjack
