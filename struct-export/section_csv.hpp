// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/export_run.hpp"

#include <span>
#include <string>
#include <vector>

namespace crowdjack {

/// The list of sections that a set is played from; see the README for its columns. One row per exported track, in the
/// order of the plans; lines end in LF; fields are quoted where RFC 4180 asks for it.
[[nodiscard]] std::string section_csv(std::span<const ExportPlan> plans, std::span<const Outcome> outcomes);

/// `struct,path,reason,detail`, one row per track that was not exported.
[[nodiscard]] std::string skipped_csv(std::span<const SkippedTrack> skipped);

/// M:SS.ss, rounded to the hundredth: 59.996 s is 1:00.00.
[[nodiscard]] std::string minutes_text(Seconds duration);

}  // namespace crowdjack
