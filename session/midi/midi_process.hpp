// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/jack_client.hpp"
#include "common/message_queue.hpp"
#include "session/midi/midi_event.hpp"

#include <atomic>
#include <cstdint>

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
    /// How often the lamps' port was connected to something after it was to nothing.
    [[nodiscard]] std::uint32_t times_patched() const noexcept {
        return times_patched_.load(std::memory_order_relaxed);
    }
    /// @}

private:
    MessageQueue<RawMidi, 8192> came_;   ///< written by audio
    MessageQueue<RawMidi, 4096> shown_;  ///< read by audio
    bool patched_{false};                ///< audio only
    std::atomic<std::uint32_t> times_patched_{0};
};

}  // namespace crowdjack::midi
