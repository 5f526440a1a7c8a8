// SPDX-License-Identifier: GPL-3.0-or-later
// Which of the tempi that a track is said to have is true.
#pragma once

#include "struct-export/section_beats.hpp"

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
    std::optional<FittedTempo> beats;     ///< of the whole track
    std::optional<SectionBeats> section;  ///< the beats of the section that is cut
};

struct TempoTruth {
    double bpm{};  ///< 0: no source knows
    TempoSource source{TempoSource::automatic};
    std::string warning;                       ///< who disagrees, and by how much; empty when all agree
    std::optional<SectionBeats::Phase> phase;  ///< of `bpm`, where the section's beats tell

    /// Off by more than this at the hand-over, a mix is heard to flam.
    static constexpr double in_time_beats = 0.1;
    /// No BPM keeps this track in time through its section.
    [[nodiscard]] bool no_single_bpm() const noexcept {
        return phase && (phase->worst > in_time_beats || phase->worst < -in_time_beats);
    }
};

/// What counts is where the beats are at the hand-over. Rekordbox's average and then the JSON's number are believed
/// while they are at most a tenth of a beat off there; else the beats of the section decide, as long as they are within
/// 10 % of the number (beyond that they count something else). A JSON's number also gives way to firm beats of the
/// whole track that say otherwise by more than 0.02 % (analyses round to whole BPM) and are no further off. Where the
/// section's beats don't tell, only the last rule is left. The fit counts in the octave nearest to the others.
///
/// Disagreements of more than 0.5 %, or of a tenth of a beat at the hand-over, are warned of.
/// @param wanted  a source to use whatever the others say; `automatic` for the rule above
[[nodiscard]] TempoTruth choose_tempo(const TempoClaims& claims, TempoSource wanted = TempoSource::automatic);

}  // namespace crowdjack
