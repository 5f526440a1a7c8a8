// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/analysis_run.hpp"

#include <optional>
#include <string>
#include <utility>

namespace crowdjack {

/// The command line of `crowdjack-struct-export analyse`, argv[0] being the subcommand. Nothing when --help was
/// answered. @throws UsageError naming the option
[[nodiscard]] std::optional<AnalysisOrder> parse_analysis_options(int argc, const char* const* argv);

/// `70..180` as two tempi. @throws UsageError
[[nodiscard]] std::pair<double, double> parse_bpm_range(const std::string& text);

/// Runs it: analyses, says what came of it. @returns the exit code: 0 when anything is analysed
int analyse_music(int argc, const char* const* argv, const std::atomic<bool>& stop);

}  // namespace crowdjack
