// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/stretch/take_player.hpp"

#include <algorithm>

namespace crowdjack {

namespace {

constexpr double crossfade_s = 0.010;
constexpr std::size_t edge_frames = 96;  // the fade that keeps an underrun from clicking as well

void count(std::atomic<std::uint64_t>& counter, std::uint64_t more) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

/// A fade without corners (smoothstep), so that it makes no sound of its own.
float fade_gain(std::int64_t into, std::int64_t length) noexcept {
    if (into < 0) {
        return 0.0F;
    }
    if (into >= length) {
        return 1.0F;
    }
    const float t = static_cast<float>(into) / static_cast<float>(length);
    return t * t * (3.0F - 2.0F * t);
}

void fade_edge(std::span<float> sound, bool in) noexcept {
    const auto length = static_cast<float>(sound.size() + 1);
    for (std::size_t i = 0; i < sound.size(); ++i) {
        const std::size_t step = in ? i + 1 : sound.size() - i;
        sound[i] *= static_cast<float>(step) / length;
    }
}

}  // namespace

TakePlayer::TakePlayer(double server_rate) : crossfade_{static_cast<std::int64_t>(crossfade_s * server_rate)} {}

StretchTake* TakePlayer::retired() noexcept {
    StretchTake* take = nullptr;
    return retired_.pop(take) ? take : nullptr;
}

CROWDJACK_REALTIME void TakePlayer::retire(StretchTake* take) noexcept {
    if (take != nullptr) {
        // Never full: fewer takes exist than it holds.
        static_cast<void>(retired_.push(take));
    }
}

CROWDJACK_REALTIME void TakePlayer::collect(JackFrame frame) noexcept {
    if (fading_) {
        return;
    }
    if (StretchTake* offered = offered_.exchange(nullptr, std::memory_order_acq_rel); offered != nullptr) {
        retire(coming_.take);
        coming_ = {offered, false};
    }
    if (coming_.take != nullptr && coming_.take->cancelled.load(std::memory_order_acquire)) {
        retire(coming_.take);
        coming_ = {};
    }
    if (current_.take != nullptr && current_.take->end.load(std::memory_order_acquire) <= frame.value) {
        retire(current_.take);
        current_ = {};
    }
}

// Copies what there is. A block that is not whole ends in a fade, later ones are silent until a whole one fades back
// in.
CROWDJACK_REALTIME TakePlayer::Delivery TakePlayer::deliver(Slot& slot, JackFrame frame, Block left,
                                                            Block right) noexcept {
    const StretchTake& take = *slot.take;
    const std::int64_t block_end = frame.value + static_cast<std::int64_t>(left.size());
    const std::int64_t first = std::max(frame.value, take.begin().value);
    const std::int64_t last = std::min(block_end, take.end.load(std::memory_order_acquire));
    if (last <= first) {
        return {};
    }
    const std::int64_t there = std::clamp(take.ring().end().value, first, last);
    const bool whole = there == last;
    const auto offset = static_cast<std::size_t>(first - frame.value);
    const auto length = slot.dry && !whole ? 0 : static_cast<std::size_t>(there - first);
    const Block l = left.subspan(offset, length);
    const Block r = right.subspan(offset, length);
    take.ring().copy({first}, l, r);
    const std::size_t edge = std::min(edge_frames, length);
    if (whole && slot.dry) {
        fade_edge(l.first(edge), true);
        fade_edge(r.first(edge), true);
    } else if (!whole) {
        fade_edge(l.last(edge), false);
        fade_edge(r.last(edge), false);
        if (!slot.dry) {
            count(underruns, 1);
        }
    }
    slot.dry = !whole;
    const auto sound = static_cast<std::uint32_t>(length);
    return {sound, static_cast<std::uint32_t>(last - first) - sound};
}

CROWDJACK_REALTIME void TakePlayer::begin_next(JackFrame at) noexcept {
    const std::int64_t begin = coming_.take->begin().value;
    const bool joins_late = at.value > begin;
    const bool follows = current_.take != nullptr && current_.take->end.load(std::memory_order_acquire) > at.value;
    count(late_frames, static_cast<std::uint64_t>(at.value - begin));
    fading_ = true;
    fade_begin_ = at.value;
    fade_length_ = follows ? crossfade_ : 0;
    coming_.dry = joins_late && !follows;
}

CROWDJACK_REALTIME TakePlayer::Delivery TakePlayer::blend_next(JackFrame frame, Block left, Block right) noexcept {
    const Block next_left = Block{next_left_}.first(left.size());
    const Block next_right = Block{next_right_}.first(right.size());
    std::fill(next_left.begin(), next_left.end(), 0.0F);
    std::fill(next_right.begin(), next_right.end(), 0.0F);
    const Delivery delivery = deliver(coming_, frame, next_left, next_right);
    for (std::size_t i = 0; i < left.size(); ++i) {
        const std::int64_t into = frame.value + static_cast<std::int64_t>(i) - fade_begin_;
        const float gain = fade_gain(into, fade_length_);
        left[i] += gain * (next_left[i] - left[i]);
        right[i] += gain * (next_right[i] - right[i]);
    }
    return delivery;
}

CROWDJACK_REALTIME std::uint32_t TakePlayer::read(JackFrame frame, Block left, Block right) noexcept {
    std::fill(left.begin(), left.end(), 0.0F);
    std::fill(right.begin(), right.end(), 0.0F);
    collect(frame);
    const std::int64_t end = frame.value + static_cast<std::int64_t>(left.size());
    if (!fading_ && coming_.take != nullptr && coming_.take->begin().value < end) {
        begin_next({std::max(frame.value, coming_.take->begin().value)});
    }
    Delivery total;
    if (current_.take != nullptr) {
        const std::int64_t needed = fading_ ? std::min(end, fade_begin_ + fade_length_) : end;
        if (needed > frame.value) {
            const auto length = static_cast<std::size_t>(needed - frame.value);
            total = deliver(current_, frame, left.first(length), right.first(length));
        }
    }
    heard_ = {total.sound, current_.take == nullptr ? 0 : current_.take->serial.load(std::memory_order_acquire)};
    if (fading_) {
        const Delivery next = blend_next(frame, left, right);
        const auto before = static_cast<std::uint32_t>(std::max<std::int64_t>(fade_begin_ - frame.value, 0));
        heard_ = {std::min(total.sound, before) + next.sound, 0};
        total.missing += next.missing;
        if (end >= fade_begin_ + fade_length_) {
            retire(current_.take);
            current_ = coming_;
            coming_ = {};
            fading_ = false;
        }
    }
    count(missing_frames, total.missing);
    return total.missing;
}

}  // namespace crowdjack
