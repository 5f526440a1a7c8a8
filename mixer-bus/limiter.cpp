// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/limiter.hpp"

#include "mixer-bus/levels.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

constexpr double release_seconds = 0.08;  ///< time constant: quick enough to leave no hole, slow enough for a bass line

}  // namespace

Limiter::Limiter(double rate) noexcept : release_divisor_{static_cast<std::int32_t>(release_seconds * rate)} {
    box_.fill(unity);
    box_sum_ = static_cast<std::int64_t>(unity) * static_cast<std::int64_t>(delay);
}

CROWDJACK_REALTIME void Limiter::set(bool on, float ceiling) noexcept {
    on_ = on;
    ceiling_ = ceiling;
}

CROWDJACK_REALTIME float Limiter::take_lowest_gain() noexcept {
    const float lowest = lowest_;
    lowest_ = 1.0F;
    return lowest;
}

CROWDJACK_REALTIME std::int32_t Limiter::needed_gain(float left, float right) const noexcept {
    const float peak = std::max(std::fabs(left), std::fabs(right));
    if (!on_ || peak <= ceiling_) {
        return unity;
    }
    return static_cast<std::int32_t>(static_cast<double>(ceiling_) / static_cast<double>(peak) * unity);
}

/// Sliding minimum in constant amortised time: a candidate that is older and no lower than a newer one can't win again.
CROWDJACK_REALTIME std::int32_t Limiter::window_minimum(std::int32_t newest) noexcept {
    constexpr std::uint64_t mask = 127;
    static_assert(window < mask);
    while (last_ > first_ && falling_[(last_ - 1) & mask].gain >= newest) {
        --last_;
    }
    falling_[last_++ & mask] = {now_, newest};
    if (falling_[first_ & mask].frame + window <= now_) {
        ++first_;
    }
    ++now_;
    return falling_[first_ & mask].gain;
}

CROWDJACK_REALTIME float Limiter::next_gain(std::int32_t needed) noexcept {
    constexpr std::int32_t least_step = 1 << 14;  // ends the exponential release: the last 2^-16 take 4 ms at most
    const std::int32_t minimum = window_minimum(needed);
    const std::int32_t released = held_ + std::min(unity - held_, (unity - held_) / release_divisor_ + least_step);
    held_ = std::min(minimum, released);
    std::int32_t& oldest = box_[now_ % delay];
    box_sum_ += held_ - oldest;
    oldest = held_;
    return static_cast<float>(static_cast<double>(box_sum_) / (static_cast<double>(unity) * delay));
}

/// After it, line = the delayed frames of this block, then the 64 that come next.
CROWDJACK_REALTIME void Limiter::shift(std::array<float, delay + longest_run>& line,
                                       std::span<float> block) const noexcept {
    std::copy(block.begin(), block.end(), line.begin() + delay);
    std::copy_n(line.begin(), block.size(), block.begin());
    std::copy_n(line.begin() + static_cast<std::ptrdiff_t>(block.size()), delay, line.begin());
}

CROWDJACK_REALTIME void Limiter::process(std::span<float> left, std::span<float> right) noexcept {
    const bool calm = !on_ || std::max(peak_of(left), peak_of(right)) <= ceiling_;
    if (calm && !working_) {
        shift(line_left_, left);
        shift(line_right_, right);
        return;
    }
    std::array<float, longest_run> gains;
    for (std::size_t i = 0; i < left.size(); ++i) {
        gains[i] = next_gain(needed_gain(left[i], right[i]));
        lowest_ = std::min(lowest_, gains[i]);
    }
    shift(line_left_, left);
    shift(line_right_, right);
    const float bound = on_ ? ceiling_ : 1e30F;
    for (std::size_t i = 0; i < left.size(); ++i) {
        if (gains[i] < 1.0F) {  // rounding must not carry a limited sample over the ceiling
            left[i] = std::clamp(left[i] * gains[i], -bound, bound);
            right[i] = std::clamp(right[i] * gains[i], -bound, bound);
        }
    }
    working_ = box_sum_ != static_cast<std::int64_t>(unity) * static_cast<std::int64_t>(delay) || held_ != unity;
}

}  // namespace crowdjack
