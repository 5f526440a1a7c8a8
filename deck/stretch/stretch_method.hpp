// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <string_view>

namespace crowdjack {

/// How a deck meets the tempo: by speed alone (pitch follows), or with the pitch kept.
enum class StretchMethod {
    rate,             ///< varispeed in the deck's own read head; no engine, no worker
    rubberband,       ///< Rubber Band's finer engine (R3): best quality
    rubberband_fast,  ///< Rubber Band's faster engine (R2)
    wsola,            ///< SoundTouch: lightest, onsets a few ms loose
};

inline constexpr std::array stretch_methods{StretchMethod::rate, StretchMethod::rubberband,
                                            StretchMethod::rubberband_fast, StretchMethod::wsola};

/// `rate`, `rubberband`, `rubberband:fast` or `wsola`, as on the wire and the command line.
[[nodiscard]] std::string_view stretch_name(StretchMethod method) noexcept;

/// @throws UsageError that names what was given and what there is
[[nodiscard]] StretchMethod parse_stretch(std::string_view name);

}  // namespace crowdjack
