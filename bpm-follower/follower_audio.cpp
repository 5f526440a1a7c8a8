// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/follower_audio.hpp"

#include "bpm-follower/bbt.hpp"
#include "common/error.hpp"
#include "common/jack_thread.hpp"

#include <jack/midiport.h>

#include <algorithm>
#include <cmath>

namespace crowdjack {

void FollowerAudio::prepare(const ServerFormat& /*format*/) {
    for (FollowerCommand stale; commands_.pop(stale);) {
    }
    tempo_.clear();
    clock_ = MidiClock{};
    transport_rolls_ = false;
    transport_heard_ = {};
}

CROWDJACK_REALTIME void FollowerAudio::take_commands() noexcept {
    for (FollowerCommand command; commands_.pop(command);) {
        tempo_ = command.tempo;
        switch (command.clock) {
        case FollowerCommand::Clock::start:
            clock_.start();
            break;
        case FollowerCommand::Clock::go_on:
            clock_.go_on();
            break;
        case FollowerCommand::Clock::stop:
            clock_.stop();
            break;
        case FollowerCommand::Clock::as_it_is:
            break;
        }
    }
}

CROWDJACK_REALTIME void FollowerAudio::follow_transport(const AudioCycle& cycle) noexcept {
    if (cycle.jack == nullptr) {
        return;
    }
    const bool rolls = jack_transport_query(cycle.jack, nullptr) == JackTransportRolling;
    const bool begins = rolls && !transport_rolls_;
    // The position is in the server's memory, which is cold: it is read when somebody wants it.
    jack_position_t position{};
    if (begins || (rolls && listens_to_ == OutsideLead::transport)) {
        (void)jack_transport_query(cycle.jack, &position);
    }
    if (rolls && listens_to_ == OutsideLead::transport) {
        hear_transport(cycle, position);
    }
    if (begins) {
        if (position.frame == 0) {
            clock_.start();
        } else {
            clock_.go_on();
        }
    } else if (!rolls && transport_rolls_) {
        clock_.stop();
    }
    transport_rolls_ = rolls;
}

CROWDJACK_REALTIME void FollowerAudio::hear_transport(const AudioCycle& cycle,
                                                      const jack_position_t& position) noexcept {
    constexpr std::int64_t apart = 4096;  // frames: the control thread looks ten times a second
    const bool told = (position.valid & JackPositionBBT) != 0 && position.ticks_per_beat > 0.0;
    if (!told || (cycle.frame - transport_heard_).value < apart) {
        return;
    }
    transport_heard_ = cycle.frame;
    const double beats_per_bar = static_cast<double>(position.beats_per_bar);
    const double beat = beats_per_bar * (position.bar - 1) + (position.beat - 1) +
                        static_cast<double>(position.tick) / position.ticks_per_beat;
    (void)reports_.push({{}, {cycle.frame, beat, position.beats_per_minute, std::fmax(1.0, beats_per_bar)}});
}

CROWDJACK_REALTIME void FollowerAudio::hear_clock(const AudioCycle& cycle) noexcept {
    void* const port = cycle.midi(1);
    const auto count = jack_midi_get_event_count(port);
    for (std::uint32_t i = 0; i < count; ++i) {
        jack_midi_event_t event;
        if (jack_midi_event_get(&event, port, i) != 0 || event.size == 0 || event.buffer[0] < 0xF0) {
            continue;
        }
        ClockMessage message{cycle.frame + Frames{event.time}, event.buffer[0], 0};
        if (event.size == 3) {
            message.sixteenths =
                static_cast<std::uint16_t>((event.buffer[1] & 0x7FU) | ((event.buffer[2] & 0x7FU) << 7U));
        }
        (void)reports_.push({message, {}});
    }
}

CROWDJACK_REALTIME void FollowerAudio::process(const AudioCycle& cycle) noexcept {
    cycle_frame_ = cycle.frame;
    take_commands();
    follow_transport(cycle);
    if (listens_to_ == OutsideLead::midi_clock) {
        hear_clock(cycle);
    }
    void* const port = cycle.midi(0);
    jack_midi_clear_buffer(port);
    const bool heard = cycle.connections.empty() || cycle.connected(0);
    if (!heard && clock_.is_at_rest()) {
        return;  // its ticks are worked out anew from the tempo when somebody is patched to it
    }
    for (const auto& event : clock_.cycle(tempo_, cycle.frame, cycle.frames)) {
        // The buffer of one cycle holds hundreds of messages this short; were it full, the tick would be lost.
        (void)jack_midi_event_write(port, event.offset, event.bytes.data(), event.size);
    }
}

void FollowerAudio::become_timebase_master(jack_client_t* client) {
    if (jack_set_timebase_callback(client, 0, &FollowerAudio::timebase_callback, this) != 0) {
        throw Failure{"--timebase: the JACK server does not let us be timebase master: does it support transport?"};
    }
}

void FollowerAudio::timebase_callback(jack_transport_state_t /*state*/, jack_nframes_t frames,
                                      jack_position_t* position, int /*new_position*/, void* self) {
    on_jack_thread([=] { static_cast<const FollowerAudio*>(self)->fill_position(frames, *position); });
}

CROWDJACK_REALTIME void FollowerAudio::fill_position(jack_nframes_t frames, jack_position_t& position) const noexcept {
    // Called at the end of a cycle, for the next one.
    const JackFrame next = cycle_frame_ + Frames{static_cast<std::int64_t>(frames)};
    const Beats beat = tempo_.empty() ? Beats{} : tempo_.beat_at(static_cast<double>(next.value));
    const auto place = BarBeatTick::of(beat);
    position.valid = JackPositionBBT;
    position.bar = place.bar;
    position.beat = place.beat;
    position.tick = place.tick;
    position.bar_start_tick = place.bar_start_tick;
    position.beats_per_bar = static_cast<float>(BarBeatTick::beats_per_bar);
    position.beat_type = 4.0F;
    position.ticks_per_beat = BarBeatTick::ticks_per_beat;
    position.beats_per_minute = tempo_.empty() ? 120.0 : tempo_.bpm_at(next).value;
}

}  // namespace crowdjack
