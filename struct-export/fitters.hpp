// SPDX-License-Identifier: GPL-3.0-or-later
// The methods behind make_tempo_fitter(), one library each.
#pragma once

#include "struct-export/tempo_fitter.hpp"

#include <memory>

namespace crowdjack {

[[nodiscard]] std::unique_ptr<TempoFitter> make_rubberband_fitter(const FitSettings& settings);
[[nodiscard]] std::unique_ptr<TempoFitter> make_soundtouch_fitter(const FitSettings& settings);
[[nodiscard]] std::unique_ptr<TempoFitter> make_soxr_fitter(const FitSettings& settings);

}  // namespace crowdjack
