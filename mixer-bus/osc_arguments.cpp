// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/osc_arguments.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace crowdjack {

namespace {

Band band_named(std::string_view name) {
    const auto* const found = std::find(band_names.begin(), band_names.end(), name);
    if (found == band_names.end()) {
        throw OscError{OscErrorCode::bad_arguments, "band must be low, mid or high, not '" + std::string{name} + "'"};
    }
    return static_cast<Band>(found - band_names.begin());
}

std::size_t strip_named(std::string_view name, const MixerControl& control) {
    if (const auto strip = control.strip(name)) {
        return *strip;
    }
    throw OscError{OscErrorCode::not_found,
                   "there is no strip '" + std::string{name} + "': there are " + control.strip_names()};
}

/// /mixer/STRIP/COMMAND[/BAND], or nothing for /mixer/COMMAND.
struct Selectors {
    std::string_view strip, band;
};

std::optional<Selectors> selectors_of(std::string_view address) {
    address.remove_prefix(std::string_view{"/mixer/"}.size());
    const auto slash = address.find('/');
    if (slash == std::string_view::npos) {
        return {};
    }
    const std::string_view command = address.substr(slash + 1);
    const auto next = command.find('/');
    return Selectors{address.substr(0, slash),
                     next == std::string_view::npos ? std::string_view{} : command.substr(next + 1)};
}

}  // namespace

StripRequest strip_request(const OscRequest& request, const MixerControl& control) {
    StripRequest result{.request = request};
    if (const auto selectors = selectors_of(request.address)) {
        result.in_address = true;
        result.strip = strip_named(selectors->strip, control);
        if (!selectors->band.empty()) {
            result.band = band_named(selectors->band);
        }
        return result;
    }
    result.strip = strip_named(request.arguments.text(0, "strip"), control);
    result.first = 1;
    return result;
}

bool StripRequest::take_band() {
    if (band) {
        return true;
    }
    if (values() == 0) {
        return false;
    }
    band = band_named(arguments().text(first, "band"));
    ++first;
    return true;
}

OscMessage StripRequest::answer() const {
    OscMessage message{std::string{request.address}};
    for (std::size_t i = 0; i < first; ++i) {
        message.text(arguments().text(i, "selector"));
    }
    return message;
}

void StripRequest::done() const {
    OscMessage reply = request.reply_to.reply();
    if (!in_address) {
        reply.text(arguments().text(0, "strip"));
    }
    request.reply_to.send(reply);
}

void StripRequest::expect(std::size_t least, std::size_t most, std::string_view usage) const {
    arguments().expect(first + least, first + most, usage);
}

std::optional<JackFrame> frame_at(ClientShell& shell, const OscRequest& request, std::size_t i) {
    const std::string_view types = request.arguments.types();
    if (i >= types.size() || types[i] == 'N') {
        return {};
    }
    if (types[i] != 'i' && types[i] != 'h') {
        throw OscError{OscErrorCode::bad_arguments,
                       "a frame is an i, an h or N (as soon as possible), not type '" + std::string{types[i]} + "'"};
    }
    return shell.frame_argument(request, i, "frame");
}

bool is_button(const OscArguments& arguments, std::size_t i) {
    return i < arguments.size() && std::string_view{"fdTF"}.find(arguments.types()[i]) != std::string_view::npos;
}

bool is_pressed(const OscArguments& arguments, std::size_t i) {
    if (i >= arguments.size() || arguments.types()[i] == 'N') {
        return true;
    }
    return arguments.flag(i, "button");
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
    return timing(shell, frame_at(shell, request, i + 1), ramp);
}

void refuse_unless(MixerControl::Sent sent) {
    switch (sent) {
    case MixerControl::Sent::yes:
        return;
    case MixerControl::Sent::too_many_waiting:
        throw OscError{OscErrorCode::refused, "16 moves of this parameter wait for their frames already"};
    case MixerControl::Sent::audio_hangs:
        throw OscError{OscErrorCode::failed, "the audio thread takes no commands: does JACK run?"};
    }
}

void move_or_refuse(MixerControl& control, ParameterId id, const Move& move) { refuse_unless(control.move(id, move)); }

}  // namespace crowdjack
