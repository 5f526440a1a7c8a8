// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "struct-export/audio_file.hpp"
#include "struct-export/cues.hpp"
#include "struct-export/tempo_fitter.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace crowdjack {

/// A beat of the section and where it is meant to come out.
struct WarpPoint {
    Seconds source;  ///< into the track
    Seconds fitted;  ///< into the fitted part
};

/// One section to be cut from one file, as it is and fitted to a tempo.
struct CutOrder {
    std::filesystem::path audio, part_original, part_fitted;
    Cues cues;
    double speed{1.0};
    /// When not empty, every beat comes out at its own place: from ini (0) to end, ascending. `speed` is then that of
    /// the whole section.
    std::vector<WarpPoint> warp;
    FitMethod method{FitMethod::rubberband};
    PartFormat format{PartFormat::source};
    PartTags tags;  ///< an empty title or artist is taken from the audio file, a title at last from its name
};

/// What came of it.
struct CutResult {
    Frames original, fitted;
    double rate{};  ///< Hz, of both parts
    std::uint64_t cleaned{}, clipped{};
    Frames padded;  ///< silence added because the file ends (up to 0.25 s) before the end cue
};

/// The user asked for the end.
class Interrupted : public std::runtime_error {
public:
    Interrupted() : std::runtime_error{"interrupted"} {}
};

/// Reads the section once, block by block, and writes both parts: `original` = round(end·rate) − round(ini·rate) frames
/// from round(ini·rate), exact but for the declick in the first and last 3 ms; `fitted` = round((end − ini)/speed·rate)
/// frames, or as long as the warp's last point says. The declick leaves the attack of a beat at ini alone, and does
/// nothing after silence. At speed 1 no engine touches the samples.
///
/// Both files appear complete or not at all.
/// @param advanced  called now and then with the source seconds done since the last call
/// @throws Failure, NotExported "end cue after the audio's end", Interrupted (soon after `stop` becomes true)
[[nodiscard]] CutResult cut_section(const CutOrder& order, const std::atomic<bool>& stop,
                                    const std::function<void(Seconds)>& advanced);

}  // namespace crowdjack
