// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "common/realtime.hpp"

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace crowdjack {

/// Finished stereo sound by JACK frame: the worker appends, the audio thread takes any frame that is there. No locks.
///
/// The worker must not append more than capacity() frames past the earliest frame the audio thread may still ask for.
class FrameRing {
public:
    /// @param begin  frame of the first sample appended
    FrameRing(JackFrame begin, std::size_t least_capacity)
        : left_(std::bit_ceil(least_capacity)), right_(left_.size()), begin_{begin.value}, end_{begin.value} {}

    [[nodiscard]] std::size_t capacity() const noexcept { return left_.size(); }
    [[nodiscard]] JackFrame begin() const noexcept { return {begin_}; }

    /// One past the last frame appended. Any thread.
    [[nodiscard]] JackFrame end() const noexcept { return {end_.load(std::memory_order_acquire)}; }

    /// Worker thread. Same length, at most capacity().
    void append(std::span<const float> left, std::span<const float> right) noexcept {
        const std::int64_t end = end_.load(std::memory_order_relaxed);
        for (std::size_t i = 0; i < left.size(); ++i) {
            const std::size_t slot = slot_of(end + static_cast<std::int64_t>(i));
            left_[slot] = left[i];
            right_[slot] = right[i];
        }
        end_.store(end + static_cast<std::int64_t>(left.size()), std::memory_order_release);
    }

    /// Audio thread. Precondition: frame >= begin(), frame + size <= end().
    CROWDJACK_REALTIME void copy(JackFrame frame, std::span<float> left, std::span<float> right) const noexcept {
        for (std::size_t i = 0; i < left.size(); ++i) {
            const std::size_t slot = slot_of(frame.value + static_cast<std::int64_t>(i));
            left[i] = left_[slot];
            right[i] = right_[slot];
        }
    }

private:
    [[nodiscard]] std::size_t slot_of(std::int64_t frame) const noexcept {
        return static_cast<std::size_t>(frame) & (left_.size() - 1);
    }

    std::vector<float> left_, right_;
    std::int64_t begin_;
    std::atomic<std::int64_t> end_;  ///< frame; written by the worker (release), read by audio (acquire)
};

}  // namespace crowdjack
