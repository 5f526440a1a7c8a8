// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/realtime.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace crowdjack {

/// The latest of a stream of values: one writer that never waits, readers that retry while it writes.
///
/// A sequence lock whose payload is relaxed atomic words (H.-J. Boehm, "Can seqlocks get along with programming
/// language memory models?", 2012).
template <typename Value>
class Seqlock {
    static_assert(std::is_trivially_copyable_v<Value>);

public:
    CROWDJACK_REALTIME void write(const Value& value) noexcept {
        Words words{};
        std::memcpy(words.data(), static_cast<const void*>(&value), sizeof(value));
        const std::uint64_t now = sequence_.load(std::memory_order_relaxed);
        sequence_.store(now + 1, std::memory_order_relaxed);
        // Each word is published with the odd number before it: a reader that sees one sees the other.
        for (std::size_t i = 0; i < words.size(); ++i) {
            words_[i].store(words[i], std::memory_order_release);
        }
        sequence_.store(now + 2, std::memory_order_release);
    }

    [[nodiscard]] Value read() const noexcept {
        Words words{};
        std::uint64_t before{};
        std::uint64_t after{};
        do {
            before = sequence_.load(std::memory_order_acquire);
            for (std::size_t i = 0; i < words.size(); ++i) {
                words[i] = words_[i].load(std::memory_order_acquire);
            }
            after = sequence_.load(std::memory_order_relaxed);
        } while (before != after || before % 2 != 0);
        Value value;
        std::memcpy(static_cast<void*>(&value), words.data(), sizeof(value));
        return value;
    }

private:
    using Words = std::array<std::uint64_t, (sizeof(Value) + 7) / 8>;
    std::atomic<std::uint64_t> sequence_{0};  ///< odd while written; written by one thread, read by all
    std::array<std::atomic<std::uint64_t>, std::tuple_size_v<Words>> words_{};  ///< likewise
};

}  // namespace crowdjack
