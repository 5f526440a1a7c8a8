// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/onsets.hpp"

#include <vector>

namespace crowdjack {

/// How often onsets recur, as the spectrum of the onset curves tells: exact where a track keeps one tempo all through.
class PulseSpectrum {
public:
    explicit PulseSpectrum(const OnsetCurves& curves);

    /// The strength of a pulse of that frequency, 0 (none) and up; interpolated.
    [[nodiscard]] double at(double hertz) const noexcept;
    /// That of a beat: the pulse and what divides it.
    [[nodiscard]] double of_beat(double hertz) const noexcept;
    /// The frequencies between `low` and `high` Hz at which a pulse is strongest, strongest first.
    [[nodiscard]] std::vector<double> peaks(double low, double high, std::size_t most) const;
    /// The strongest beat near `hertz` (within `part` of it).
    [[nodiscard]] double sharpened(double hertz, double part) const noexcept;
    /// The width of a peak, Hz.
    [[nodiscard]] double width() const noexcept { return width_; }

private:
    double step_{1.0};  ///< Hz between two values
    double width_{1.0};
    std::vector<double> magnitude_;
};

/// Beat lengths worth a closer look, in seconds: the strong pulses themselves and the beats that they may divide.
/// @param extra  periods found otherwise
[[nodiscard]] std::vector<double> candidate_periods(const PulseSpectrum& spectrum, double lowest_bpm,
                                                    double highest_bpm, const std::vector<double>& extra);

}  // namespace crowdjack
