// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/export_run.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace crowdjack {

/// A track as thin as a picture needs it.
struct Waveform {
    struct Column {
        float low{}, high{}, rms{};
    };
    std::vector<Column> columns;  ///< equal stretches of the whole track, all channels together
    Seconds length;
};

/// Reads the whole file in blocks. @throws Failure, Interrupted
[[nodiscard]] Waveform read_waveform(const std::filesystem::path& audio, std::size_t columns,
                                     const std::atomic<bool>& stop);

/// The track's waveform, segments, beats and cues as an SVG document.
[[nodiscard]] std::string track_svg(const ExportPlan& plan, const Waveform& waveform);

/// One `NAME.svg` per exported track (NAME as the part's, without _sectioned), `jobs` at a time; a picture that fails
/// is told and forgotten. @throws Failure when the folder can't be made
void plot_tracks(std::span<const ExportPlan> plans, std::span<const Outcome> outcomes,
                 const std::filesystem::path& folder, unsigned jobs, Progress& progress, const std::atomic<bool>& stop);

}  // namespace crowdjack
