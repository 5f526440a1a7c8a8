// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/progress.hpp"
#include "struct-export/selection.hpp"

#include <atomic>
#include <optional>
#include <vector>

namespace crowdjack {

/// What came of one plan: a result, or why not.
struct Outcome {
    std::optional<CutResult> result;
    bool was_there{};            ///< made by an earlier run from the same inputs
    std::string reason, detail;  ///< when there is no result
};

/// Exclusive use of a parts folder, for as long as it lives; what a killed run left half done there is removed.
class PartsFolder {
public:
    /// Makes the folder when it is missing. @throws Failure when it can't be, or another export works there
    explicit PartsFolder(const std::filesystem::path& folder);
    ~PartsFolder();
    PartsFolder(const PartsFolder&) = delete;
    PartsFolder& operator=(const PartsFolder&) = delete;

private:
    int fd_{-1};
};

/// Cuts what is not there yet, `jobs` tracks at a time, the longest first. Outcomes are in the order of the plans and
/// depend on nothing else.
/// @param stop  set it (also from a signal handler) to end soon; what is not done then says "interrupted"
[[nodiscard]] std::vector<Outcome> export_sections(const std::vector<ExportPlan>& plans, unsigned jobs,
                                                   Progress& progress, const std::atomic<bool>& stop);

}  // namespace crowdjack
