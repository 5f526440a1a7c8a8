// SPDX-License-Identifier: GPL-3.0-or-later
// What several /mixer commands have in common: strips, bands, frames, buttons, moves.
#pragma once

#include "common/client_shell.hpp"
#include "mixer-bus/mixer_control.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace crowdjack {

inline constexpr double highest_gain = 4.0;  ///< +12 dB, for every linear gain
inline constexpr double longest_ramp_seconds = 600.0;
inline constexpr Seconds knob_ramp{
    0.010};  ///< what a command without a ramp takes: too short to hear, too long to click

inline constexpr std::array<std::string_view, band_count> band_names{"low", "mid", "high"};

/// A command to one strip. The strip stands in the address (/mixer/A/gain) or is the first argument (/mixer/gain A); so
/// does a band.
struct StripRequest {
    const OscRequest& request;
    std::size_t strip{};
    bool in_address{};           ///< the strip
    std::optional<Band> band{};  ///< of the address
    std::size_t first{};         ///< the first argument that is no selector

    [[nodiscard]] const OscArguments& arguments() const noexcept { return request.arguments; }
    /// Arguments that are no selector.
    [[nodiscard]] std::size_t values() const noexcept { return request.arguments.size() - first; }
    /// The answer to a question, at the address that was asked and with the selectors that came as arguments.
    [[nodiscard]] OscMessage answer() const;
    /// `/reply`, with the strip when it came as an argument.
    void done() const;
    /// Reads the band from the arguments unless the address has one. False when neither does.
    bool take_band();
    /// @throws OscError{bad_arguments} for more than `most` values; @param usage  of the values
    void expect(std::size_t least, std::size_t most, std::string_view usage) const;
};

/// @throws OscError{not_found} naming the strips there are
[[nodiscard]] StripRequest strip_request(const OscRequest& request, const MixerControl& control);

/// The frame an argument names: i, h or N. Nothing when it is omitted or N.
/// @throws OscError{bad_arguments} for a float or double, which is never a frame; else as
///         ClientShell::frame_argument()
[[nodiscard]] std::optional<JackFrame> frame_at(ClientShell& shell, const OscRequest& request, std::size_t i);

/// A lone number or switch on an address that needs none is a button: false for its release (0 or F), which does
/// nothing.
[[nodiscard]] bool is_pressed(const OscArguments& arguments, std::size_t i);
/// True when argument `i` is such a button and no frame.
[[nodiscard]] bool is_button(const OscArguments& arguments, std::size_t i);

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
