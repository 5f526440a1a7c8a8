// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/jack_client.hpp"
#include "common/message_queue.hpp"
#include "session/midi/midi_event.hpp"

namespace crowdjack::midi {

/// The audio thread of `midi-control`: takes what comes in at `in`, with its frame, and puts out at `out` what is to be
/// shown. Ports in that order.
class MidiProcess final : public AudioProcess {
public:
    void prepare(const ServerFormat& format) override;
    CROWDJACK_EVERY_CYCLE void process(const AudioCycle& cycle) noexcept override;

    /// Control thread.
    /// @{
    bool pop(RawMidi& message) noexcept { return came_.pop(message); }
    bool show(const RawMidi& message) noexcept { return shown_.push(message); }
    [[nodiscard]] std::uint64_t lost() const noexcept { return came_.refused(); }
    /// @}

private:
    MessageQueue<RawMidi, 8192> came_;   ///< written by audio
    MessageQueue<RawMidi, 4096> shown_;  ///< read by audio
};

}  // namespace crowdjack::midi
