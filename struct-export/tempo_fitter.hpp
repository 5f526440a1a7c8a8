// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace crowdjack {

enum class FitMethod { rubberband, wsola, rate };
[[nodiscard]] const char* to_text(FitMethod method) noexcept;

/// Changes the tempo of a stream of known length, block by block; memory does not depend on the length.
class TempoFitter {
public:
    TempoFitter() = default;
    TempoFitter(const TempoFitter&) = delete;
    TempoFitter& operator=(const TempoFitter&) = delete;
    virtual ~TempoFitter() = default;

    /// Takes a block (interleaved) and appends what has come out to `output`.
    /// @param last  nothing follows
    virtual void process(std::span<const float> block, bool last, std::vector<float>& output) = 0;

    /// How much later than at (source time / speed) the section begins in the output: seconds; negative is earlier. The
    /// caller cuts there.
    [[nodiscard]] virtual Seconds offset() const noexcept { return {}; }
};

/// A place in the stream that must come out at a place of its own: frames from the stream's beginning.
struct FitAnchor {
    Frames source, fitted;
};

struct FitSettings {
    FitMethod method{FitMethod::rubberband};
    int channels{2};
    double rate{48000.0};    ///< Hz
    double speed{1.0};       ///< > 1 is faster, 0.25…4
    Frames source_length{};  ///< frames that will come, margins included
    /// When not empty, the tempo changes at each of them, so that all come out where they are meant to; ascending, the
    /// last one is the stream's end. `speed` is then only the one up to the first.
    std::vector<FitAnchor> anchors;
};

/// Whether a method can follow anchors: by resampling, the pitch would waver with every beat.
[[nodiscard]] constexpr bool follows_anchors(FitMethod method) noexcept { return method != FitMethod::rate; }

/// Source frames to feed before and after the wanted ones, so that neither end of the section is an end of the stream.
struct FitMargin {
    Frames before, after;
};
[[nodiscard]] FitMargin fit_margin(FitMethod method, double rate) noexcept;

/// @throws Failure when the library refuses
[[nodiscard]] std::unique_ptr<TempoFitter> make_tempo_fitter(const FitSettings& settings);

/// Name and version of the library behind a method.
[[nodiscard]] const char* library_version(FitMethod method) noexcept;

}  // namespace crowdjack
