// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/osc_arguments.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace crowdjack {

std::size_t strip_argument(const OscRequest& request, const Desk& desk) {
    const std::string_view name = request.arguments.text(0, "strip");
    if (const auto strip = desk.strip(name)) {
        return *strip;
    }
    throw OscError{OscErrorCode::not_found,
                   "there is no strip '" + std::string{name} + "': there are " + desk.strip_names()};
}

Band band_argument(const OscRequest& request, std::size_t i) {
    constexpr std::array<std::string_view, band_count> names{"low", "mid", "high"};
    const std::string_view name = request.arguments.text(i, "band");
    const auto* const found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
        throw OscError{OscErrorCode::bad_arguments, "band must be low, mid or high, not '" + std::string{name} + "'"};
    }
    return static_cast<Band>(found - names.begin());
}

Timing timing(ClientShell& shell, std::optional<JackFrame> start, std::optional<double> seconds) {
    const double rate = shell.has_jack() ? shell.jack().format().rate : 48000.0;
    const bool short_ramp = !seconds || *seconds < Mixer::least_ramp().value;
    const Seconds length = !seconds ? knob_ramp : Seconds{std::max(*seconds, Mixer::least_ramp().value)};
    return {.start = start.value_or(Move::soonest),
            .length = to_frames(length, rate),
            .shape = short_ramp ? FadeShape::smooth : FadeShape::linear};
}

Timing timing_arguments(ClientShell& shell, const OscRequest& request, std::size_t i) {
    request.arguments.expect_no_text(i);
    const auto ramp = request.arguments.optional_number(i, "ramp_s", 0.0, longest_ramp_seconds);
    return timing(shell, shell.frame_argument(request, i + 1, "frame"), ramp);
}

void refuse_move() {
    throw OscError{OscErrorCode::refused, "16 moves of this parameter wait for their frames already"};
}

void move_or_refuse(Desk& desk, ParameterId id, const Move& move) {
    switch (desk.move(id, move)) {
    case Desk::Sent::yes:
        return;
    case Desk::Sent::too_many_waiting:
        refuse_move();
    case Desk::Sent::audio_hangs:
        throw OscError{OscErrorCode::failed, "the audio thread takes no commands: does JACK run?"};
    }
}

}  // namespace crowdjack
