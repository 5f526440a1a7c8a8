// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "common/realtime.hpp"
#include "common/tempo_line.hpp"

#include <cmath>
#include <cstdint>
#include <optional>

namespace crowdjack {

/// Positions are held within ± this, 46 years of frames at 48 kHz: whatever a tempo line, an anchor or a state file
/// says, a position is a whole number of frames, and of bytes, that a 64-bit integer holds. In frames.
inline constexpr double furthest_source = 0x1p46;

/// NaN is as far before the track as can be: silence.
[[nodiscard]] constexpr double bounded_source(double source) noexcept {
    return source > furthest_source ? furthest_source : source > -furthest_source ? source : -furthest_source;
}

/// Nearest whole JACK frame of a place on the server's clock, which may be absurdly far away.
[[nodiscard]] inline JackFrame whole_frame(double frame) noexcept {
    constexpr double furthest = 0x1p60;
    return {static_cast<std::int64_t>(frame > furthest ? furthest : frame > -furthest ? frame : -furthest)};
}

/// Where in its track a deck stands at every JACK frame: a pure function, so two decks cannot drift and a deck that
/// missed a cycle is right again at the next. Start, seek, nudge, rate, BPM, loop and follow changes each make a new
/// one.
///
/// `source(f) = anchor_source + (beat(f) - anchor_beat) * 60 / track_bpm * file_rate * rate` while following a line,
/// else `anchor_source + (f - anchor_frame) * file_rate / server_rate * rate`. The anchor holds both a frame and the
/// beat there, so lines that ended long ago can be forgotten and nothing ever accumulates. Trivially copyable: travels
/// by value.
struct Trajectory {
    /// A region that wraps sample-exactly, in whole file frames: [in, out).
    struct Loop {
        double in{}, out{};
        /// The place in it, or before it, of an unfolded position.
        [[nodiscard]] double fold(double source) const noexcept {
            return source < out ? source : in + std::fmod(source - in, out - in);
        }
        friend bool operator==(const Loop&, const Loop&) = default;
    };

    TempoMap tempo;  ///< empty: no line was heard yet, unity
    JackFrame anchor_frame{};
    Beats anchor_beat{};          ///< the line's beat at the anchor; meaningful while `tempo` holds a line
    double anchor_source{};       ///< file frames at the anchor
    double track_bpm{120.0};      ///< > 0
    double file_rate{48000.0};    ///< Hz
    double server_rate{48000.0};  ///< Hz
    double rate{1.0};             ///< the deck's own speed on top of the line, 0.25…4
    bool follow{true};
    std::optional<Loop> loop;

    /// Follows a line right now; otherwise unity times `rate`.
    [[nodiscard]] bool on_line() const noexcept { return follow && !tempo.empty(); }

    /// File position at `frame`, unfolded: it keeps growing through a loop, as far as furthest_source. Fractional
    /// frames are allowed.
    [[nodiscard]] double source_at(double frame) const noexcept { return source_at(frame, frame); }
    /// The same by the line in force at `seen_from`, even where another one holds at `frame`: where a line ends that
    /// the next one does not continue.
    [[nodiscard]] double source_at(double frame, double seen_from) const noexcept;

    /// The (fractional) frame at which the unfolded position `source` sounds: the inverse of source_at().
    [[nodiscard]] double frame_of(double source) const noexcept;

    /// Source frames per JACK frame at `frame`.
    [[nodiscard]] double speed_at(JackFrame frame) const noexcept;

    /// The place in the file of an unfolded position: through the loop, when there is one and it was entered (the
    /// anchor lies before its end).
    [[nodiscard]] double fold(double source) const noexcept;
    /// The loop that positions are folded by, if any.
    [[nodiscard]] const Loop* folding_loop() const noexcept {
        return loop && anchor_source < loop->out ? &*loop : nullptr;
    }

    /// The same motion anchored at `frame`: for changes that must be continuous there.
    [[nodiscard]] Trajectory anchored_at(JackFrame frame) const noexcept;

    /// Puts the file position `source` at `frame`.
    void anchor(JackFrame frame, double source) noexcept;

    /// Frames [begin, end).
    struct Stretch {
        JackFrame begin, end;
    };
    /// The frames around `frame` without a bend (a line's begin, or its ramp's end while it holds): there the motion is
    /// one polynomial of degree two. Far away where there is no bend.
    [[nodiscard]] Stretch straight_around(JackFrame frame) const noexcept;

    /// Takes a line announced at `now`. Beats are absolute: the position is wherever the line puts it, so a line that
    /// arrives after its own beginning moves the playhead into phase.
    /// @param renumber  the line comes from a sender with a beat count of its own: lines held and the anchor are
    /// counted
    ///                  anew in its beats, so that the playhead moves on steadily
    ///
    /// The first line of all is joined at its beginning, until which a motion that has begun goes on at unity.
    void add_line(const TempoLine& line, JackFrame now, bool renumber) noexcept;
};

}  // namespace crowdjack
