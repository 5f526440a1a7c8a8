// SPDX-License-Identifier: GPL-3.0-or-later
// Which of the tempi that a track is said to have is true.
#pragma once

#include "struct-export/rekordbox.hpp"

#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// A tempo read off a list of beats.
struct FittedTempo {
    double bpm{};
    double steady{};      ///< part of the beats within 30 ms of the fitted grid, 0…1
    std::size_t beats{};  ///< how many were looked at

    /// A fit to believe over a stated number: at least 32 beats, nine tenths of them on the grid.
    [[nodiscard]] bool firm() const noexcept { return beats >= 32 && steady >= 0.9; }
};

/// The straight line through beat times (seconds), by iteratively reweighted least squares with Tukey's biweight, so
/// that missed, doubled and stray beats don't pull; nothing for fewer than 4 beats.
[[nodiscard]] std::optional<FittedTempo> fit_tempo(std::vector<double> beats);

enum class TempoSource { automatic, rekordbox, json, beats };
[[nodiscard]] const char* to_text(TempoSource source) noexcept;

/// What each source says; 0: nothing.
struct TempoClaims {
    double rekordbox{}, json{};
    std::optional<FittedTempo> beats;
};

struct TempoTruth {
    double bpm{};  ///< 0: no source knows
    TempoSource source{TempoSource::automatic};
    std::string warning;  ///< who disagrees by more than 0.5 %; empty when all agree
};

/// Rekordbox's average where there is one: its grid was made and looked at by a person. Else the JSON's number, unless
/// its own beats firmly say otherwise by more than 0.02 % (analyses round to whole BPM, which is 0.2 s a minute) and
/// less than 10 %. Else the fit. The fit counts in the octave nearest to the others.
/// @param wanted  a source to use whatever the others say; `automatic` for the rule above
[[nodiscard]] TempoTruth choose_tempo(const TempoClaims& claims, TempoSource wanted = TempoSource::automatic);

}  // namespace crowdjack
