// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/track_analysis.hpp"

#include <atomic>
#include <filesystem>

namespace crowdjack {

/// Draws a track as the exporter does: waveform, segments, beats and bars, with the cues that a setlist uses: where it
/// starts, where the next one comes in, where it ends. @throws Failure, Interrupted
void plot_analysis(const TrackAnalysis& analysis, const std::filesystem::path& svg, const std::atomic<bool>& stop);

}  // namespace crowdjack
