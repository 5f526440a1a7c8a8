// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/analysis/track_analysis.hpp"
#include "struct-export/progress.hpp"

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// What one run of `analyse` is asked to do.
struct AnalysisOrder {
    std::vector<std::filesystem::path> places;  ///< files and folders
    std::filesystem::path struct_dir;
    std::optional<std::filesystem::path> plot_dir;
    AnalysisSettings settings;
    unsigned jobs{1};
    bool into_cache{false};  ///< where decks and setlists look, instead of struct_dir
    bool again{false};       ///< also what is up to date or made by somebody else
    bool background{false};  ///< give way to all other programs
};

/// One track and where its structure goes.
struct AnalysisTask {
    std::filesystem::path audio, json;
};

/// The tracks of the order, each with a JSON of its own: NAME.json, for a second track of that name NAME-HASH.json.
/// @throws Failure when a place is not there
[[nodiscard]] std::vector<AnalysisTask> analysis_tasks(const AnalysisOrder& order);

/// What is to be done with a JSON that may be there already.
enum class Present {
    no,          ///< none, or an older one of ours: it is made
    up_to_date,  ///< ours, made with these settings, after the audio
    foreign      ///< another program's: kept
};
[[nodiscard]] Present present_analysis(const AnalysisTask& task, const AnalysisSettings& settings);

/// Analyses one track and writes its JSON, complete or not at all. @throws Failure, Interrupted
TrackAnalysis analyse_into(const AnalysisTask& task, const AnalysisSettings& settings, const std::atomic<bool>& stop,
                           const std::function<void(double)>& advanced);

struct AnalysisCount {
    std::size_t analysed{}, up_to_date{}, kept{}, without_beat{}, failed{};
    [[nodiscard]] std::size_t good() const noexcept { return analysed + up_to_date + kept; }
};

/// Does the tasks, `jobs` at a time, and says what came of each.
AnalysisCount run_analysis(const std::vector<AnalysisTask>& tasks, const AnalysisOrder& order, Progress& progress,
                           const std::atomic<bool>& stop);

}  // namespace crowdjack
