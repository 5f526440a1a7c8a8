// SPDX-License-Identifier: GPL-3.0-or-later
// A tempo that somebody else leads: MIDI clock, JACK's transport, an Ableton Link session.
#pragma once

#include "common/quantities.hpp"

#include <cstdint>
#include <deque>
#include <optional>

namespace crowdjack {

/// Whose tempo the line follows instead of the crowd's.
enum class OutsideLead { none, midi_clock, transport, link };

/// What was heard of it: at `frame` it stood at `beat` and ran at `bpm`.
struct OutsideTempo {
    JackFrame frame{};
    double beat{}, bpm{};
    double quantum{4.0};  ///< beats in which its count is to be believed: 4 where bars are known, else 1
};

/// A MIDI message of a clock: its frame, status byte and, of a song position, the sixteenths.
struct ClockMessage {
    JackFrame frame{};
    std::uint8_t status{};
    std::uint16_t sixteenths{};
};

/// Reads a tempo off a MIDI clock's ticks, 24 a beat: the straight line through the last four beats of them, or through
/// the last one while the tempo changes. Start and Song Position say where its bars are; until then only its beats
/// count. Control thread.
class MidiClockIn {
public:
    explicit MidiClockIn(double rate) noexcept : rate_{rate} {}

    void take(const ClockMessage& message);

    /// Nothing until a beat of ticks came, and when none came for half a second.
    [[nodiscard]] std::optional<OutsideTempo> tempo(JackFrame now) const;

private:
    struct Tick {
        double frame{}, index{};
    };
    struct Line {
        double at{}, per_tick{};  ///< frames at index 0, frames a tick
    };
    [[nodiscard]] Line fit(std::size_t last) const;

    double rate_;
    std::deque<Tick> ticks_;
    std::int64_t next_index_{};  ///< of the next tick; 0 is a bar's first where bars are known
    bool bars_known_{false};
};

}  // namespace crowdjack
