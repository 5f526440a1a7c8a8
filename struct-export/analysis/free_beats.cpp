// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/free_beats.hpp"

#include <dsp/tempotracking/TempoTrackV2.h>

#include <algorithm>
#include <cmath>

namespace crowdjack {

FreeBeats free_beats(const TrackFeatures& features, double near_bpm) {
    FreeBeats result;
    constexpr std::size_t left_out = 2;  // the first values see the jump from nothing to sound
    if (features.onsets.size() < 200) {
        return result;
    }
    std::vector<double> curve;
    curve.reserve(features.onsets.size() - left_out);
    for (std::size_t i = left_out; i < features.onsets.size(); ++i) {
        curve.push_back(features.onsets[i]);
    }
    features.onsets.give_back();
    TempoTrackV2 tracker{static_cast<float>(features.rate),
                         static_cast<std::size_t>(std::lround(features.rate / features.onset_rate))};
    std::vector<double> period(curve.size(), 0.0);
    std::vector<double> tempi;
    tracker.calculateBeatPeriod(curve, period, tempi, near_bpm, false);
    std::vector<double> beats;
    tracker.calculateBeats(curve, period, beats);
    for (const double beat : beats) {
        // A value belongs to the middle of its window of two steps.
        result.beats.push_back((beat + 2.0 + 0.5) / features.onset_rate);
    }
    if (result.beats.size() < 4) {
        return result;
    }
    std::vector<double> gaps;
    for (std::size_t i = 1; i < result.beats.size(); ++i) {
        gaps.push_back(result.beats[i] - result.beats[i - 1]);
    }
    const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
    std::nth_element(gaps.begin(), middle, gaps.end());
    result.period_s = *middle;
    const auto even = std::count_if(gaps.begin(), gaps.end(),
                                    [&result](double gap) { return std::abs(gap / result.period_s - 1.0) < 0.1; });
    result.evenness = static_cast<double>(even) / static_cast<double>(gaps.size());
    return result;
}

}  // namespace crowdjack
