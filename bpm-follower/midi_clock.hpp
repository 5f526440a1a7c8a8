// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "common/realtime.hpp"
#include "common/tempo_line.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace crowdjack {

/// A MIDI message within one cycle.
struct ClockEvent {
    std::uint32_t offset{};  ///< frames from the cycle's first, ascending
    std::uint8_t size{};     ///< bytes, 1…3
    std::array<std::uint8_t, 3> bytes{};
};

/// MIDI clock off the tempo line: 24 ticks a beat, each on the frame nearest to its place on the line.
///
/// start() sends Start half a tick before the next bar's downbeat (four beats a bar), so that the first tick after it
/// is the downbeat; go_on() sends Song Position and Continue likewise before the next sixteenth; stop() sends Stop at
/// once. The ticks themselves never pause while there is a line: gear keeps its tempo. Audio thread.
class MidiClock {
public:
    static constexpr int ticks_per_beat = 24;
    static constexpr int ticks_per_sixteenth = 6;
    static constexpr int ticks_per_bar = 96;
    static constexpr std::size_t most_events = 256;  ///< in one cycle of 8192 frames at 400 BPM there are less than 60

    CROWDJACK_REALTIME void start() noexcept { wanted_ = Wanted::start; }
    CROWDJACK_REALTIME void go_on() noexcept { wanted_ = Wanted::go_on; }
    CROWDJACK_REALTIME void stop() noexcept { wanted_ = Wanted::stop; }

    /// Neither a start nor a stop is to come. Cycles may be left out: the ticks in them are gone.
    CROWDJACK_REALTIME bool is_at_rest() const noexcept { return wanted_ == Wanted::nothing; }

    /// The events of the cycle [first, first + frames) in order. Valid until the next call.
    CROWDJACK_REALTIME std::span<const ClockEvent> cycle(const TempoMap& tempo, JackFrame first,
                                                         std::uint32_t frames) noexcept;

private:
    enum class Wanted { nothing, start, go_on, stop };

    CROWDJACK_REALTIME void emit(std::int64_t offset, std::uint8_t size, std::array<std::uint8_t, 3> bytes) noexcept;
    CROWDJACK_REALTIME void emit_transport(const TempoMap& tempo, JackFrame first, std::int64_t tick,
                                           std::uint32_t frames) noexcept;

    Wanted wanted_{Wanted::nothing};
    bool known_{false};  ///< next_tick_ goes on from the cycle before
    std::int64_t next_tick_{};
    std::array<ClockEvent, most_events> events_{};
    std::size_t count_{};
};

}  // namespace crowdjack
