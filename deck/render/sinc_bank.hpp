// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/realtime.hpp"

#include <boost/align/aligned_allocator.hpp>

#include <cstddef>
#include <vector>

namespace crowdjack {

/// The weights of a band-limited interpolator for one greatest speed: rows of taps for evenly spaced fractions of a
/// source frame. Few enough that they stay in the first-level cache: fetching a finer table anew after each sleep took
/// longer than the arithmetic.
///
/// An optimal low-pass filter of 32 taps (a sinc under Kaiser's window takes 48 for it), pass band to 0.409 and stop
/// band from 0.57 of the source rate, stretched by the speed, so that what would fold back above the output's Nyquist
/// frequency is gone.
class SincKernel {
public:
    /// @param speed  source frames per output frame up to which it does not alias, >= 1
    explicit SincKernel(double speed);

    [[nodiscard]] double speed() const noexcept { return speed_; }
    /// Taps at speed 1 and below.
    static constexpr std::size_t narrowest = 32;
    /// Multiple of 8; output at position p weighs source frames floor(p) - taps/2 + 1 … floor(p) + taps/2.
    [[nodiscard]] std::size_t taps() const noexcept { return taps_; }
    [[nodiscard]] std::size_t phases() const noexcept { return phases_; }
    /// The weights of four fractions, `taps()` each, one behind the other: (phase - 1) / phases() to
    /// (phase + 2) / phases(), 0 <= phase <= phases(). Each row sums to 1; a cubic through them is the kernel.
    [[nodiscard]] const float* rows(std::size_t phase) const noexcept { return weights_.data() + phase * taps_; }

private:
    double speed_;
    std::size_t taps_, phases_;
    /// Rows begin where cache lines do: a vector across two lines takes two loads.
    std::vector<float, boost::alignment::aligned_allocator<float, 64>> weights_;
};

/// Kernels for speeds from 1 to 16 in steps of at most a whole tone; faster playback aliases above the last one's band.
/// Immutable once built; shared by all read heads.
class SincBank {
public:
    SincBank();

    /// The bank of this process, built before main.
    [[nodiscard]] CROWDJACK_REALTIME static const SincBank& shared() noexcept;

    /// The narrowest kernel that does not alias at `speed`.
    [[nodiscard]] CROWDJACK_REALTIME const SincKernel& for_speed(double speed) const noexcept;

    [[nodiscard]] std::size_t most_taps() const noexcept { return kernels_.back().taps(); }

private:
    std::vector<SincKernel> kernels_;
};

}  // namespace crowdjack
