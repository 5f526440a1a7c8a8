// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/tap.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <limits>
#include <utility>

namespace crowdjack {

namespace {

std::uint64_t pack(float left, float right) noexcept {
    return static_cast<std::uint64_t>(std::bit_cast<std::uint32_t>(left)) |
           static_cast<std::uint64_t>(std::bit_cast<std::uint32_t>(right)) << 32U;
}

}  // namespace

Tap::Tap(double rate, Seconds depth)
    : rate_{rate},
      capacity_{to_frames(depth, rate).value},
      ring_{std::make_unique<std::atomic<std::uint64_t>[]>(static_cast<std::size_t>(capacity_))} {
    // make_unique zeroed it, so every page is there; locking keeps it there.
    if (mlock(ring_.get(), static_cast<std::size_t>(capacity_) * sizeof(ring_[0])) != 0) {
        lock_error_ = errno;
    }
}

Tap::~Tap() { munlock(ring_.get(), static_cast<std::size_t>(capacity_) * sizeof(ring_[0])); }

CROWDJACK_REALTIME void Tap::write(JackFrame frame, std::span<const float> left,
                                   std::span<const float> right) noexcept {
    const std::int64_t position = published_.load(std::memory_order_relaxed);
    const std::int64_t anchors = anchor_count_.load(std::memory_order_relaxed);
    if (anchors == 0 || frame.value != next_frame_ || new_clock_) {
        Anchor& anchor = anchors_[static_cast<std::size_t>(anchors % anchor_capacity)];
        anchor.position.store(position, std::memory_order_release);
        anchor.frame.store(frame.value, std::memory_order_release);
        anchor.new_clock.store(std::exchange(new_clock_, false), std::memory_order_release);
        anchor_count_.store(anchors + 1, std::memory_order_release);
    }
    const auto frames = static_cast<std::int64_t>(left.size());
    next_frame_ = frame.value + frames;
    claimed_.store(position + frames, std::memory_order_release);
    auto slot = static_cast<std::size_t>(position % capacity_);
    const auto slots = static_cast<std::size_t>(capacity_);
    for (std::size_t i = 0; i < left.size(); ++i) {
        ring_[slot].store(pack(left[i], right[i]), std::memory_order_release);
        slot = slot + 1 == slots ? 0 : slot + 1;
    }
    published_.store(position + frames, std::memory_order_release);
}

CROWDJACK_REALTIME bool Tap::must_wait(std::size_t frames) const noexcept {
    const std::int64_t end = published_.load(std::memory_order_relaxed) + static_cast<std::int64_t>(frames);
    return std::any_of(seats_.begin(), seats_.end(), [&](const Seat& seat) {
        return seat.keeps_all.load(std::memory_order_acquire) &&
               end - seat.position.load(std::memory_order_acquire) > capacity_;
    });
}

std::vector<Tap::Jump> Tap::jumps_after(std::int64_t count) const {
    std::vector<Jump> jumps;
    constexpr std::int64_t most = 4000;  // those before may be written over meanwhile
    const std::int64_t anchors = anchor_count_.load(std::memory_order_acquire);
    for (std::int64_t i = std::max({count + 1, std::int64_t{1}, anchors - most}); i < anchors; ++i) {
        const Anchor& before = anchors_[static_cast<std::size_t>((i - 1) % anchor_capacity)];
        const Anchor& anchor = anchors_[static_cast<std::size_t>(i % anchor_capacity)];
        const std::int64_t run =
            anchor.position.load(std::memory_order_acquire) - before.position.load(std::memory_order_acquire);
        jumps.push_back({{before.frame.load(std::memory_order_acquire) + run},
                         {anchor.frame.load(std::memory_order_acquire)},
                         anchor.position.load(std::memory_order_acquire),
                         anchor.new_clock.load(std::memory_order_acquire)});
    }
    return jumps;
}

std::int64_t Tap::position_of(JackFrame frame) const noexcept {
    const std::int64_t count = anchor_count_.load(std::memory_order_acquire);
    std::int64_t next_begins = std::numeric_limits<std::int64_t>::max();
    for (std::int64_t i = count - 1; i >= std::max<std::int64_t>(0, count - anchor_capacity + 1); --i) {
        const Anchor& anchor = anchors_[static_cast<std::size_t>(i % anchor_capacity)];
        const std::int64_t position = anchor.position.load(std::memory_order_acquire);
        const std::int64_t first = anchor.frame.load(std::memory_order_acquire);
        if (frame.value >= first) {
            return std::min(position + (frame.value - first), next_begins);
        }
        next_begins = position;
    }
    return next_begins == std::numeric_limits<std::int64_t>::max() ? 0 : next_begins;
}

JackFrame Tap::frame_at(std::int64_t position) const noexcept {
    const std::int64_t count = anchor_count_.load(std::memory_order_acquire);
    for (std::int64_t i = count - 1; i >= std::max<std::int64_t>(0, count - anchor_capacity + 1); --i) {
        const Anchor& anchor = anchors_[static_cast<std::size_t>(i % anchor_capacity)];
        const std::int64_t first = anchor.position.load(std::memory_order_acquire);
        if (position >= first) {
            return {anchor.frame.load(std::memory_order_acquire) + (position - first)};
        }
    }
    return {};
}

void Tap::copy(std::int64_t position, std::span<float> interleaved) const noexcept {
    auto slot = static_cast<std::size_t>(position % capacity_);
    const auto slots = static_cast<std::size_t>(capacity_);
    for (std::size_t i = 0; i < interleaved.size() / 2; ++i) {
        const std::uint64_t both = ring_[slot].load(std::memory_order_acquire);
        slot = slot + 1 == slots ? 0 : slot + 1;
        interleaved[2 * i] = std::bit_cast<float>(static_cast<std::uint32_t>(both));
        interleaved[2 * i + 1] = std::bit_cast<float>(static_cast<std::uint32_t>(both >> 32U));
    }
}

}  // namespace crowdjack
