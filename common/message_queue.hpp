// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/realtime.hpp"

#include <boost/lockfree/spsc_queue.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace crowdjack {

/// A one-way queue of values between two threads: one pushes, one pops; neither ever waits or allocates.
///
/// A full queue is a designed case: the message is refused and counted, and the pusher decides what that means.
template <typename Message, std::size_t Capacity>
class MessageQueue {
    static_assert(std::is_trivially_copyable_v<Message>, "messages between threads are plain values");

public:
    static constexpr std::size_t most = Capacity;

    /// Pushing thread only. False when full.
    CROWDJACK_REALTIME bool push(const Message& message) noexcept {
        if (queue_.push(message)) {
            return true;
        }
        refused_.store(refused_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        return false;
    }

    /// Pushing thread only: how many more it takes now.
    [[nodiscard]] CROWDJACK_REALTIME std::size_t room() const noexcept { return queue_.write_available(); }

    /// Popping thread only. False when empty.
    CROWDJACK_REALTIME bool pop(Message& message) noexcept { return queue_.pop(message); }

    /// Popping thread only: there is nothing to pop.
    [[nodiscard]] CROWDJACK_REALTIME bool empty() const noexcept { return queue_.read_available() == 0; }

    /// Any thread: messages refused because the queue was full, since construction.
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }

private:
    boost::lockfree::spsc_queue<Message, boost::lockfree::capacity<Capacity>> queue_;
    std::atomic<std::uint64_t> refused_{0};  ///< written by the pusher (relaxed), read by anyone (relaxed)
};

}  // namespace crowdjack
