// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/realtime.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace crowdjack {

/// A stereo-linked look-ahead limiter with a constant delay of 64 frames, on or off.
///
/// Look-ahead gain: minimum over the window, a slow release, then a boxcar of the window's length: the gain is down
/// before the peak comes out, so nothing passes the ceiling. Gains are whole numbers of 2^-30 inside, so that the
/// boxcar's sum is exact and a gain of 1 is exactly 1: below the ceiling the limiter is a delay, bit for bit. One
/// thread at a time (the audio thread).
class Limiter {
public:
    static constexpr std::size_t delay = 64;         ///< frames, whether on or off
    static constexpr std::size_t longest_run = 256;  ///< frames per process() call

    /// @param rate  frames per second
    explicit Limiter(double rate = 48000.0) noexcept;

    /// @param ceiling  linear, > 0
    CROWDJACK_REALTIME void set(bool on, float ceiling) noexcept;
    [[nodiscard]] bool on() const noexcept { return on_; }
    [[nodiscard]] float ceiling() const noexcept { return ceiling_; }

    /// Delays and limits in place. `left` and `right` are equally long, at most `longest_run`.
    CROWDJACK_REALTIME void process(std::span<float> left, std::span<float> right) noexcept;

    /// The lowest gain applied since the last call, 1 when the limiter had nothing to do.
    [[nodiscard]] CROWDJACK_REALTIME float take_lowest_gain() noexcept;

private:
    static constexpr std::int32_t unity = 1 << 30;
    static constexpr std::size_t window = delay + 1;  ///< frames whose minimum counts

    [[nodiscard]] CROWDJACK_REALTIME std::int32_t needed_gain(float left, float right) const noexcept;
    [[nodiscard]] CROWDJACK_REALTIME std::int32_t window_minimum(std::int32_t newest) noexcept;
    [[nodiscard]] CROWDJACK_REALTIME float next_gain(std::int32_t needed) noexcept;
    CROWDJACK_REALTIME void shift(std::array<float, delay + longest_run>& line, std::span<float> block) const noexcept;

    bool on_{true};
    bool working_{false};  ///< the gain is, or is about to be, below 1
    float ceiling_{1.0F};
    float lowest_{1.0F};
    std::int32_t release_divisor_;
    std::array<float, delay + longest_run> line_left_{}, line_right_{};  ///< delayed frames, then the current block

    struct Candidate {
        std::uint64_t frame;
        std::int32_t gain;
    };
    std::array<Candidate, 128> falling_{};  ///< a ring of candidates for the minimum, oldest and lowest first
    std::uint64_t first_{0}, last_{0};      ///< [first_, last_) of falling_
    std::uint64_t now_{0};
    std::int32_t held_{unity};
    std::array<std::int32_t, delay> box_{};  ///< the boxcar's contents
    std::int64_t box_sum_{};
};

}  // namespace crowdjack
