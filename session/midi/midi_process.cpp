// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/midi/midi_process.hpp"

#include <jack/midiport.h>

#include <algorithm>

namespace crowdjack::midi {

void MidiProcess::prepare(const ServerFormat&) {}

void MidiProcess::process(const AudioCycle& cycle) noexcept {
    void* const in = cycle.midi(0);
    void* const out = cycle.midi(1);
    const std::uint32_t count = jack_midi_get_event_count(in);
    for (std::uint32_t i = 0; i < count; ++i) {
        jack_midi_event_t event{};
        // Clock, sense and system exclusive are nobody's control.
        const bool there = jack_midi_event_get(&event, in, i) == 0 && event.size >= 1 && event.size <= 3;
        if (!there || event.buffer[0] < 0x80 || event.buffer[0] >= 0xF0) {
            continue;
        }
        RawMidi message{(cycle.frame + Frames{static_cast<std::int64_t>(event.time)}).value,
                        {},
                        static_cast<std::uint8_t>(event.size)};
        std::copy_n(event.buffer, event.size, message.bytes.begin());
        (void)came_.push(message);
    }
    jack_midi_clear_buffer(out);
    RawMidi message;
    constexpr int most_in_a_cycle = 64;  // a DIN cable takes one a millisecond
    for (int sent = 0; sent < most_in_a_cycle && shown_.pop(message); ++sent) {
        if (jack_midi_event_write(out, 0, message.bytes.data(), message.size) != 0) {
            return;  // the buffer is full: shown again with its next change
        }
    }
}

}  // namespace crowdjack::midi
