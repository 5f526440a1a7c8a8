// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/midi_clock.hpp"

#include "bpm-follower/midi_messages.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

std::int64_t frame_of_tick(const TempoMap& tempo, double tick) noexcept {
    return std::llround(tempo.frame_of(Beats{tick / MidiClock::ticks_per_beat}));
}

}  // namespace

CROWDJACK_REALTIME void MidiClock::emit(std::int64_t offset, std::uint8_t size,
                                        std::array<std::uint8_t, 3> bytes) noexcept {
    if (count_ < events_.size()) {
        events_[count_++] = {static_cast<std::uint32_t>(std::max<std::int64_t>(offset, 0)), size, bytes};
    }
}

CROWDJACK_REALTIME void MidiClock::emit_transport(const TempoMap& tempo, JackFrame first, std::int64_t tick,
                                                  std::uint32_t frames) noexcept {
    const bool starts = wanted_ == Wanted::start && tick % ticks_per_bar == 0;
    const bool goes_on = wanted_ == Wanted::go_on && tick % ticks_per_sixteenth == 0;
    const std::int64_t offset = frame_of_tick(tempo, static_cast<double>(tick) - 0.5) - first.value;
    if ((!starts && !goes_on) || tick < 0 || offset < 0 || offset >= static_cast<std::int64_t>(frames)) {
        return;
    }
    if (goes_on) {
        const auto sixteenth = static_cast<std::uint32_t>((tick / ticks_per_sixteenth) & 0x3FFF);
        emit(offset, 3,
             {midi_message::song_position, static_cast<std::uint8_t>(sixteenth & 0x7FU),
              static_cast<std::uint8_t>(sixteenth >> 7U)});
    }
    emit(offset, 1, {starts ? midi_message::start : midi_message::go_on, 0, 0});
    wanted_ = Wanted::nothing;
}

CROWDJACK_REALTIME std::span<const ClockEvent> MidiClock::cycle(const TempoMap& tempo, JackFrame first,
                                                                std::uint32_t frames) noexcept {
    count_ = 0;
    if (wanted_ == Wanted::stop) {
        emit(0, 1, {midi_message::stop, 0, 0});
        wanted_ = Wanted::nothing;
    }
    if (tempo.empty()) {
        known_ = false;
        return {events_.data(), count_};
    }
    // Half a frame of slack: a tick is on the frame nearest to it. Counting on, rather than asking the line each cycle,
    // keeps rounding from losing or doubling a tick; after a missed cycle the missed ticks are gone.
    const double beat = tempo.beat_at(static_cast<double>(first.value) - 0.5).value;
    const auto expected = static_cast<std::int64_t>(std::ceil(beat * ticks_per_beat));
    if (!known_ || expected > next_tick_ + 1 || expected < next_tick_ - 1) {
        next_tick_ = expected;
        known_ = true;
    }
    while (count_ + 3 < events_.size()) {
        emit_transport(tempo, first, next_tick_, frames);
        const std::int64_t offset = frame_of_tick(tempo, static_cast<double>(next_tick_)) - first.value;
        if (offset >= static_cast<std::int64_t>(frames)) {
            break;
        }
        emit(offset, 1, {midi_message::timing_clock, 0, 0});
        ++next_tick_;
    }
    return {events_.data(), count_};
}

}  // namespace crowdjack
