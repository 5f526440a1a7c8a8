// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstddef>

namespace crowdjack {

/// How much memory all decoded tracks of one deck may take. Any thread but audio.
class DecodedMemory {
public:
    static constexpr std::size_t usual_limit = std::size_t{512} << 20U;

    explicit DecodedMemory(std::size_t limit = usual_limit) noexcept : limit_{limit} {}

    /// @returns false, and takes nothing, when that would be more than the limit
    bool take(std::size_t bytes) noexcept {
        std::size_t now = used_.load(std::memory_order_relaxed);
        do {
            if (now + bytes > limit_) {
                return false;
            }
        } while (!used_.compare_exchange_weak(now, now + bytes, std::memory_order_relaxed));
        return true;
    }
    /// Takes what a track can't do without.
    void take_anyway(std::size_t bytes) noexcept { used_.fetch_add(bytes, std::memory_order_relaxed); }
    void give_back(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }

    [[nodiscard]] std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool has_room(std::size_t bytes) const noexcept { return used() + bytes <= limit_; }

private:
    const std::size_t limit_;
    std::atomic<std::size_t> used_{0};  ///< written and read by the tracks' workers (relaxed: it orders nothing)
};

}  // namespace crowdjack
