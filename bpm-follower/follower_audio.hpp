// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/midi_clock.hpp"
#include "bpm-follower/outside_tempo.hpp"
#include "common/jack_client.hpp"
#include "common/message_queue.hpp"
#include "common/tempo_line.hpp"

#include <jack/transport.h>

#include <cstdint>

namespace crowdjack {

/// Control → audio: the tempo from now on, and what the MIDI clock is to say of it.
struct FollowerCommand {
    enum class Clock { as_it_is, start, go_on, stop };
    TempoMap tempo;
    Clock clock{Clock::as_it_is};
};

/// Audio → control: what was heard of an outside tempo.
struct OutsideReport {
    ClockMessage midi;       ///< OutsideLead::midi_clock
    OutsideTempo transport;  ///< OutsideLead::transport
};

/// The follower's audio thread: the MIDI clock on port 0, and bar, beat, tick for JACK's transport. An outside clock
/// comes in on port 1.
class FollowerAudio : public AudioProcess {
public:
    /// Control thread. False when the queue is full (the same tempo is sent again twice a second).
    bool send(const FollowerCommand& command) noexcept { return commands_.push(command); }

    void prepare(const ServerFormat& format) override;
    CROWDJACK_REALTIME void process(const AudioCycle& cycle) noexcept override;

    /// Before the client opens: what to listen to.
    void listen_to(OutsideLead lead) noexcept { listens_to_ = lead; }
    /// Control thread. False when there is nothing more.
    bool heard(OutsideReport& report) noexcept { return reports_.pop(report); }

    /// Control thread, while connected: takes over the transport's bars and beats.
    /// @throws Failure when the server refuses
    void become_timebase_master(jack_client_t* client);

private:
    static void timebase_callback(jack_transport_state_t state, jack_nframes_t frames, jack_position_t* position,
                                  int new_position, void* self);
    CROWDJACK_REALTIME void take_commands() noexcept;
    CROWDJACK_REALTIME void follow_transport(const AudioCycle& cycle) noexcept;
    CROWDJACK_REALTIME void hear_clock(const AudioCycle& cycle) noexcept;
    CROWDJACK_REALTIME void hear_transport(const AudioCycle& cycle, const jack_position_t& position) noexcept;
    CROWDJACK_REALTIME void fill_position(jack_nframes_t frames, jack_position_t& position) const noexcept;

    MessageQueue<FollowerCommand, 32> commands_;
    MessageQueue<OutsideReport, 512> reports_;  ///< full: an outside tempo is heard again with the next tick
    OutsideLead listens_to_{OutsideLead::none};
    JackFrame transport_heard_{};
    TempoMap tempo_;  ///< audio only from here on, but for prepare
    MidiClock clock_;
    JackFrame cycle_frame_{};
    bool transport_rolls_{false};
};

}  // namespace crowdjack
