// SPDX-License-Identifier: GPL-3.0-or-later
// Receipts say from what a part was made, so that a run that was cut short is taken up where it stopped.
#pragma once

#include "struct-export/section_cut.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace crowdjack {

/// Everything a part's bytes depend on, as text: the audio file (path, size, time of change), cues, speed, method,
/// format, tags, versions. @throws Failure when the audio can't be looked at
[[nodiscard]] std::string cut_inputs(const CutOrder& order);

/// Where a part's receipt lies: hidden in a folder beside it.
[[nodiscard]] std::filesystem::path receipt_file(const CutOrder& order);

/// Written last, when both parts have their names. @throws Failure
void write_receipt(const CutOrder& order, const std::string& inputs, const CutResult& result);

/// The result of an earlier run whose inputs were the same and whose parts are still there in their full size.
[[nodiscard]] std::optional<CutResult> earlier_result(const CutOrder& order, const std::string& inputs);

}  // namespace crowdjack
