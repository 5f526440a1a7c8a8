// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/follower_audio.hpp"

#include "bpm-follower/bbt.hpp"
#include "common/error.hpp"
#include "common/jack_thread.hpp"

#include <jack/midiport.h>

#include <algorithm>

namespace crowdjack {

void FollowerAudio::prepare(const ServerFormat& /*format*/) {
    for (FollowerCommand stale; commands_.pop(stale);) {
    }
    tempo_.clear();
    clock_ = MidiClock{};
    transport_rolls_ = false;
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

CROWDJACK_REALTIME void FollowerAudio::follow_transport(jack_client_t* client) noexcept {
    if (client == nullptr) {
        return;
    }
    jack_position_t position;
    const bool rolls = jack_transport_query(client, &position) == JackTransportRolling;
    if (rolls && !transport_rolls_) {
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

CROWDJACK_REALTIME void FollowerAudio::process(const AudioCycle& cycle) noexcept {
    cycle_frame_ = cycle.frame;
    take_commands();
    follow_transport(cycle.jack);
    void* const port = cycle.midi(0);
    jack_midi_clear_buffer(port);
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
