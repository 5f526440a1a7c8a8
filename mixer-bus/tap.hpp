// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "common/realtime.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace crowdjack {

/// Before every frame: from it on, a reader gets the oldest that is held.
constexpr JackFrame first_ever{std::numeric_limits<std::int64_t>::min() / 2};

/// The master of the last 16 seconds, for whoever wants it: one writer (audio), many readers, no lock, nobody waits.
///
/// The writer claims the frames it is about to overwrite before it writes them and publishes them after, so a reader
/// that was overtaken while copying finds out, and knows exactly how many frames it lost. Every frame carries its JACK
/// frame: a reader can attach at any frame still held, or at one to come.
class Tap {
public:
    /// Allocates, touches and, where the limit allows, locks 16 s of stereo at `rate`.
    explicit Tap(double rate, Seconds depth = {16.0});
    ~Tap();
    Tap(const Tap&) = delete;
    Tap& operator=(const Tap&) = delete;

    /// Audio thread. `frame` is the JACK frame of the first sample. At most half the depth at once.
    CROWDJACK_REALTIME void write(JackFrame frame, std::span<const float> left, std::span<const float> right) noexcept;

    /// Control thread, while no cycle runs: the next frame written belongs to another clock than those before.
    void begin_new_clock() noexcept { new_clock_ = true; }

    /// Audio thread, while the server freewheels: true when writing `frames` more would overtake a reader that must not
    /// lose anything (the recorder).
    [[nodiscard]] CROWDJACK_REALTIME bool must_wait(std::size_t frames) const noexcept;

    [[nodiscard]] double rate() const noexcept { return rate_; }
    [[nodiscard]] std::int64_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] bool locked() const noexcept { return lock_error_ == 0; }
    /// errno of the refused mlock, 0 when the memory is locked.
    [[nodiscard]] int lock_error() const noexcept { return lock_error_; }
    /// Frames written since construction. Any thread.
    [[nodiscard]] std::int64_t written() const noexcept { return published_.load(std::memory_order_acquire); }
    /// The JACK frame after the last one written. Any thread; meaningless before the first write.
    [[nodiscard]] JackFrame now() const noexcept { return frame_at(written()); }
    /// Times the JACK clock jumped between two writes. Any thread.
    [[nodiscard]] std::int64_t clock_jumps() const noexcept {
        return std::max<std::int64_t>(0, anchor_count_.load(std::memory_order_acquire) - 1);
    }

    struct Jump {
        JackFrame expected, came;
        std::int64_t position{};  ///< in the tap: of the first frame after it
        bool new_clock{};         ///< between the two nothing was left out: frames are counted anew
    };
    /// The jumps after the first `count` (as clock_jumps() counted them), the 4000 latest at most. Any thread.
    [[nodiscard]] std::vector<Jump> jumps_after(std::int64_t count) const;

    /// The place (in frames written) where `frame` stands or will stand; the first written after it when the clock
    /// jumped over it. Any thread; precondition: something was written.
    [[nodiscard]] std::int64_t position_of(JackFrame frame) const noexcept;
    /// The JACK frame of a place. Any thread.
    [[nodiscard]] JackFrame frame_at(std::int64_t position) const noexcept;

private:
    friend class TapReader;

    /// From `position` on, JACK frames count up from `frame`.
    struct Anchor {
        std::atomic<std::int64_t> position{0}, frame{0};  ///< written by audio (release), read by anyone (acquire)
        std::atomic<bool> new_clock{false};               ///< likewise
    };
    /// A reader's place, for must_wait().
    struct Seat {
        std::atomic<bool> taken{false};         ///< readers (acq_rel)
        std::atomic<bool> keeps_all{false};     ///< written by its reader (release), read by audio (acquire)
        std::atomic<std::int64_t> position{0};  ///< written by its reader (release), read by audio (acquire)
    };
    /// More than a second of cycles of 16 frames, each with a jump.
    static constexpr std::int64_t anchor_capacity = 4096;

    [[nodiscard]] std::int64_t oldest_safe() const noexcept {
        return claimed_.load(std::memory_order_acquire) - capacity_;
    }
    void copy(std::int64_t position, std::span<float> interleaved) const noexcept;

    double rate_;
    std::int64_t capacity_;  ///< frames
    /// A stereo frame in one word, so that it can't tear. Written by audio (release: a reader that sees a new sample
    /// also sees the claim before it), read by readers (acquire). On x86 both are plain moves.
    std::unique_ptr<std::atomic<std::uint64_t>[]> ring_;
    int lock_error_{0};
    std::int64_t next_frame_{0};                          ///< audio only: the frame expected next
    bool new_clock_{false};                               ///< control between cycles, audio within them
    alignas(64) std::atomic<std::int64_t> claimed_{0};    ///< written by audio (release), read by readers (acquire)
    alignas(64) std::atomic<std::int64_t> published_{0};  ///< written by audio (release), read by anyone (acquire)
    std::atomic<std::int64_t> anchor_count_{0};           ///< likewise; only the latest are held
    std::array<Anchor, static_cast<std::size_t>(anchor_capacity)> anchors_;
    std::array<Seat, 16> seats_;
};

/// One reader's own way through a tap. One thread at a time; keeps the tap alive.
class TapReader {
public:
    /// @param from  first frame wanted: past (the oldest held when older), present or to come
    /// @param keeps_all  a freewheeling writer waits for this one
    /// @throws Failure when 16 readers are attached already
    TapReader(std::shared_ptr<Tap> tap, JackFrame from, bool keeps_all = false);
    ~TapReader();
    TapReader(const TapReader&) = delete;
    TapReader& operator=(const TapReader&) = delete;

    struct Part {
        std::size_t frames{};  ///< copied; 0: nothing new
        std::int64_t lost{};   ///< frames lost just before these
    };
    /// Copies what comes next, up to interleaved.size() / 2 frames. Having been overtaken, it goes on two seconds
    /// inside what the ring still holds.
    [[nodiscard]] Part read(std::span<float> interleaved);

    /// Makes the reader stop before `frame`: read() returns nothing from there on and at_end() holds.
    void end_at(JackFrame frame) noexcept;
    [[nodiscard]] bool at_end() const noexcept;
    /// Frames read beyond the end: it was told when that had passed already.
    [[nodiscard]] std::int64_t read_too_much() const noexcept;

    /// The JACK frame that the next read() begins with, if nothing gets lost.
    [[nodiscard]] JackFrame next_frame() const noexcept;
    /// Looks whether the first wanted frame was written, as read() does; true once it was.
    bool attach() noexcept;
    [[nodiscard]] bool attached() const noexcept { return attached_; }
    /// Frames of the tap before the next one read.
    [[nodiscard]] std::int64_t position() const noexcept { return position_; }
    /// The first frame wanted; once attached, the first there really is (the oldest held, or after a jump of the
    /// clock).
    [[nodiscard]] JackFrame first_frame() const noexcept { return from_; }
    [[nodiscard]] std::int64_t lag() const noexcept;  ///< frames written but not read
    [[nodiscard]] std::int64_t lost() const noexcept { return lost_; }
    [[nodiscard]] std::int64_t dropouts() const noexcept { return dropouts_; }  ///< times something was lost

private:
    [[nodiscard]] std::int64_t skip_ahead() noexcept;
    [[nodiscard]] std::int64_t end_position() const noexcept;
    void advance_to(std::int64_t position) noexcept;

    std::shared_ptr<Tap> tap_;
    Tap::Seat* seat_;
    JackFrame from_;
    JackFrame end_frame_{};
    bool has_end_{false};
    bool attached_{false};
    std::int64_t position_{0};
    std::int64_t lost_{0}, dropouts_{0};
};

}  // namespace crowdjack
