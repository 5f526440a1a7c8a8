// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/audio_file.hpp"
#include "struct-export/cues.hpp"
#include "struct-export/tempo_fitter.hpp"
#include "struct-export/tempo_truth.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// What one run is asked to do.
struct ExportOptions {
    std::filesystem::path structs;  ///< folder of structure JSONs, or one of them
    double lowest_bpm{}, highest_bpm{};
    double target_bpm{};
    std::vector<std::string> keys;  ///< in any notation; empty: any
    std::optional<std::filesystem::path> rekordbox_xml, audio_dir, output, plot_dir;
    int n_sections{6};
    IntroFallback intro_fallback{IntroFallback::none};
    std::filesystem::path parts_dir, csv;
    bool write_keys{false};
    bool warp{false};  ///< lay each beat onto the target's grid where no single BPM fits
    FitMethod method{FitMethod::rubberband};
    PartFormat format{PartFormat::source};
    TempoSource tempo_source{TempoSource::automatic};
    unsigned jobs{1};
};

/// Nothing when --help or --version was answered.
/// @throws UsageError naming the option
[[nodiscard]] std::optional<ExportOptions> parse_export_options(int argc, const char* const* argv);

}  // namespace crowdjack
