// SPDX-License-Identifier: GPL-3.0-or-later
// What several /mixer commands have in common: strips, bands, frames, buttons, moves.
#pragma once

#include "common/client_shell.hpp"
#include "mixer-bus/mixer_control.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace crowdjack {

inline constexpr Seconds knob_ramp{
    0.010};  ///< what a command without a ramp takes: too short to hear, too long to click

/// A command to one strip, which is the first argument (it may have stood in the address); a band is the second.
struct StripRequest {
    const OscRequest& request;
    std::size_t strip{};
    std::optional<Band> band{};
    std::size_t first{1};  ///< the first argument that is no selector

    [[nodiscard]] const OscArguments& arguments() const noexcept { return request.arguments; }
    /// Arguments that are no selector.
    [[nodiscard]] std::size_t values() const noexcept { return request.arguments.size() - first; }
    /// The answer to a question, with the selectors that came.
    [[nodiscard]] OscMessage answer() const;
    /// `/reply`, with the strip.
    void done() const;
    /// Reads the band from the arguments. False when there is none.
    bool take_band();
};

/// @throws OscError{not_found} naming the strips there are
[[nodiscard]] StripRequest strip_request(const OscRequest& request, const MixerControl& control);

/// When and how fast: `[d:ramp_s [i:frame]]` from argument `i` on.
struct Timing {
    JackFrame start;
    Frames length;
    FadeShape shape;

    [[nodiscard]] Move to(double target) const noexcept {
        return {.start = start, .length = length, .target = static_cast<float>(target), .shape = shape};
    }
};
[[nodiscard]] Timing timing_arguments(ClientShell& shell, const OscRequest& request, std::size_t i);
/// The timing of `seconds` (at least 5 ms), straight; no ramp or a shorter one: half a cosine of 10 or 5 ms.
[[nodiscard]] Timing timing(ClientShell& shell, std::optional<JackFrame> start, std::optional<double> seconds);

/// @throws OscError when the parameter's queue is full or the audio thread hangs
void refuse_unless(MixerControl::Sent sent);
/// Moves a parameter, or throws as refuse_unless().
void move_or_refuse(MixerControl& control, ParameterId id, const Move& move);

}  // namespace crowdjack
