// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/message_queue.hpp"
#include "deck/stretch/stretch_take.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

namespace crowdjack {

/// The audio thread's half of a voice: reads takes by frame and crossfades from one to the next at the frame where the
/// next begins.
class TakePlayer {
public:
    /// Longest cycle of JACK.
    static constexpr std::size_t longest_cycle = 8192;

    explicit TakePlayer(double server_rate);

    /// Worker thread: `take` is to follow what plays, from its begin() on. Returns a take offered before that was never
    /// seen, to be freed.
    [[nodiscard]] StretchTake* offer(StretchTake* take) noexcept {
        return offered_.exchange(take, std::memory_order_acq_rel);
    }

    /// Worker thread: the audio thread has seen the offer.
    [[nodiscard]] bool taken() const noexcept { return offered_.load(std::memory_order_acquire) == nullptr; }

    /// Worker thread: a take that the audio thread is done with, or null.
    [[nodiscard]] StretchTake* retired() noexcept;

    /// Audio thread. @returns frames that should have sounded and did not
    CROWDJACK_REALTIME std::uint32_t read(JackFrame frame, std::span<float> left, std::span<float> right) noexcept;

    /// Audio thread.
    [[nodiscard]] CROWDJACK_REALTIME StretchHeard heard() const noexcept { return heard_; }

    // Written by audio (relaxed), read by anyone (relaxed).
    std::atomic<std::uint64_t> underruns{0};       ///< times the output ran dry
    std::atomic<std::uint64_t> missing_frames{0};  ///< frames of silence in place of sound
    std::atomic<std::uint64_t> late_frames{0};     ///< frames between a take's begin and its first sound

private:
    struct Slot {
        StretchTake* take{};
        bool dry{};  ///< fell silent: comes back with a short fade
    };
    struct Delivery {
        std::uint32_t sound{}, missing{};  ///< frames
    };
    using Block = std::span<float>;

    CROWDJACK_REALTIME void collect(JackFrame frame) noexcept;
    CROWDJACK_REALTIME void retire(StretchTake* take) noexcept;
    CROWDJACK_REALTIME Delivery deliver(Slot& slot, JackFrame frame, Block left, Block right) noexcept;
    CROWDJACK_REALTIME void begin_next(JackFrame at) noexcept;
    CROWDJACK_REALTIME Delivery blend_next(JackFrame frame, Block left, Block right) noexcept;

    std::int64_t crossfade_;                      ///< frames
    std::atomic<StretchTake*> offered_{nullptr};  ///< put by the worker, taken by audio (acq_rel)
    MessageQueue<StretchTake*, 16> retired_;      ///< audio to worker
    Slot current_, coming_;
    StretchHeard heard_{};
    bool fading_{false};
    std::int64_t fade_begin_{0}, fade_length_{0};  ///< frames; valid while fading_
    std::array<float, longest_cycle> next_left_{}, next_right_{};
};

}  // namespace crowdjack
