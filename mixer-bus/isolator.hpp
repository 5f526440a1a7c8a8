// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/realtime.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace crowdjack {

enum class Band { low, mid, high };
inline constexpr std::size_t band_count = 3;

/// The 3-band isolator: two 8th-order Linkwitz-Riley crossovers.
///
/// With H = LP8 + HP8 = AP (an allpass, for an LR8), the high side of each crossover is the allpass minus the low side:
/// exact in double precision, and two thirds of the work. In full
///     L = LP8(f1) x        R = AP(f1) x - L        M = LP8(f2) R
///     y = AP(f2) (low L + high R) + (mid - high) M
/// which for equal gains is an allpass: flat to rounding. An LP8 is the 4th-order Butterworth low-pass squared, AP its
/// allpass companion (Linkwitz & Riley; S. Lipshitz and J. Vanderkooy, JAES 34, 1986).
class IsolatorCoefficients {
public:
    /// Crossovers in Hz, 0 < low < high < rate / 2.
    IsolatorCoefficients(double low_hz, double high_hz, double rate) noexcept;

    struct Section {
        double a1, a2;  ///< 1 + a1 z^-1 + a2 z^-2
    };
    struct Crossover {
        std::array<Section, 2> sections;  ///< of the 4th-order Butterworth
        double scale;                     ///< makes the squared low-pass unity at DC when numerators are (1 + z^-1)^2
    };
    Crossover low, high;
};

/// What one channel remembers: twelve second-order sections, transposed direct form II.
struct IsolatorState {
    static constexpr std::size_t sections = 12;
    std::array<std::array<double, 2>, sections> z{};
};

/// One stereo strip's share of a run of the isolator.
struct IsolatorJob {
    std::array<IsolatorState, 2>* state{};          ///< left, right
    std::array<float*, 2> samples{};                ///< in place
    std::array<float, band_count> steady{1, 1, 1};  ///< the bands' gains when they rest
    /// The bands' gains and the blend (0 dry … 1 filtered), one per frame; all null when everything rests and is wet.
    std::array<const float*, band_count> moving{};
    const float* wet{};
    std::size_t frames{};  ///< how many values each pointer leads to
};

/// Runs any number of jobs of the same length, several at once where the processor can.
CROWDJACK_REALTIME void run_isolator(const IsolatorCoefficients& coefficients,
                                     std::span<const IsolatorJob> jobs) noexcept;

}  // namespace crowdjack
