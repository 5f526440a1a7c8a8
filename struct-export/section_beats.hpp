// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/cues.hpp"

#include <optional>
#include <vector>

namespace crowdjack {

/// The beats of a section, counted from its beginning: the measure of every BPM that is said of a track. Two tracks are
/// mixed between `begin` and `end`, minutes after `ini`; what matters there is by how many beats a BPM is off by then.
class SectionBeats {
public:
    /// @param beats  seconds into the track, in any order
    /// @returns nothing when they don't tell: fewer than 8, not from one end of the section to the other, or so
    /// irregular
    ///          that they can't be counted (more than one gap in ten is no whole number of beats)
    [[nodiscard]] static std::optional<SectionBeats> of(const std::vector<double>& beats, const Cues& cues);

    /// The single BPM whose beats come nearest to these over the section.
    [[nodiscard]] double bpm() const noexcept { return bpm_; }

    /// By how many beats a track that is said to have `bpm` is off, ahead when positive; counted in that BPM's own
    /// beats when it is an octave away.
    struct Phase {
        double at_begin{};
        double worst{};  ///< of the hand-over, from begin to end; the largest in size
    };
    [[nodiscard]] Phase phase(double bpm) const;

    /// The beat at a time of the section, between two beats in a straight line; 0 at ini.
    [[nodiscard]] double beat_at(double seconds) const noexcept;

    /// Where each beat lies, from ini (0) to end: seconds into the track and the number of the beat. Ascending in both.
    struct Beat {
        double seconds{}, number{};
    };
    [[nodiscard]] const std::vector<Beat>& beats() const noexcept { return beats_; }

    /// The furthest that any beat is from where `bpm` has it, in beats.
    [[nodiscard]] double furthest(double bpm) const noexcept;

private:
    std::vector<Beat> beats_;
    Cues cues_;
    double bpm_{};
};

}  // namespace crowdjack
