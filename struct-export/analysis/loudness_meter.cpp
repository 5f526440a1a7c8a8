// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/loudness_meter.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

LoudnessMeter::LoudnessMeter(std::size_t channels, double rate)
    : channels_{channels},
      state_{ebur128_init(static_cast<unsigned>(channels), static_cast<unsigned long>(std::lround(rate)),
                          EBUR128_MODE_I | EBUR128_MODE_TRUE_PEAK)} {}

void LoudnessMeter::add(std::span<const float> interleaved) {
    if (state_) {
        ebur128_add_frames_float(state_.get(), interleaved.data(), interleaved.size() / channels_);
    }
}

std::optional<double> LoudnessMeter::lufs() const {
    double value = 0.0;
    const bool known = state_ && ebur128_loudness_global(state_.get(), &value) == EBUR128_SUCCESS;
    return known && std::isfinite(value) ? std::optional{value} : std::nullopt;
}

std::optional<double> LoudnessMeter::true_peak_db() const {
    double most = 0.0;
    for (unsigned channel = 0; state_ && channel < channels_; ++channel) {
        double peak = 0.0;
        if (ebur128_true_peak(state_.get(), channel, &peak) == EBUR128_SUCCESS) {
            most = std::max(most, peak);
        }
    }
    return most > 0.0 ? std::optional{20.0 * std::log10(most)} : std::nullopt;
}

}  // namespace crowdjack
