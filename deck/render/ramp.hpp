// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/realtime.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace crowdjack {

/// A gain on its way from one value to another, sample by sample. Exactly its end value once it arrived, so that a
/// settled gain of 1 leaves samples bit-exact.
class Ramp {
public:
    explicit constexpr Ramp(float value = 1.0F) noexcept : from_{value}, to_{value} {}

    /// From wherever it is, at once when `frames` is 0.
    /// @param smooth  a quintic S (no edge up to the second derivative) instead of a straight line
    CROWDJACK_REALTIME constexpr void go(float target, std::int64_t frames, bool smooth = true) noexcept {
        from_ = value_at(done_);
        to_ = target;
        length_ = from_ == target ? 0 : frames;
        done_ = 0;
        smooth_ = smooth;
    }

    CROWDJACK_REALTIME constexpr void jump(float value) noexcept { *this = Ramp{value}; }

    [[nodiscard]] constexpr float value() const noexcept { return value_at(done_); }
    [[nodiscard]] constexpr float target() const noexcept { return to_; }
    [[nodiscard]] constexpr bool settled() const noexcept { return done_ >= length_; }
    [[nodiscard]] constexpr bool silent() const noexcept { return settled() && to_ == 0.0F; }

    /// Multiplies both channels (same length) and moves on by their length.
    CROWDJACK_REALTIME void apply(std::span<float> left, std::span<float> right) noexcept {
        std::size_t i = 0;
        for (; i < left.size() && !settled(); ++i) {
            const float gain = value_at(done_++);
            left[i] *= gain;
            right[i] *= gain;
        }
        if (to_ == 1.0F) {
            return;
        }
        for (; i < left.size(); ++i) {
            left[i] *= to_;
            right[i] *= to_;
        }
    }

    /// Moves on without sound.
    CROWDJACK_REALTIME constexpr void skip(std::int64_t frames) noexcept { done_ = std::min(done_ + frames, length_); }

private:
    [[nodiscard]] constexpr float value_at(std::int64_t frame) const noexcept {
        if (frame >= length_) {
            return to_;
        }
        const float t = static_cast<float>(frame) / static_cast<float>(length_);
        const float amount = smooth_ ? t * t * t * (t * (6.0F * t - 15.0F) + 10.0F) : t;
        return from_ + amount * (to_ - from_);
    }

    float from_, to_;
    std::int64_t length_{0}, done_{0};
    bool smooth_{true};
};

}  // namespace crowdjack
