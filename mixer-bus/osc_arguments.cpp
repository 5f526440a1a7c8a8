// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/osc_arguments.hpp"

#include "common/band_word.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace crowdjack {

namespace {

bool same_letters(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// As it is named, else in whatever case.
std::size_t strip_named(std::string_view name, const MixerControl& control) {
    if (const auto strip = control.strip(name)) {
        return *strip;
    }
    const auto& strips = control.setup().strips;
    const auto found =
        std::find_if(strips.begin(), strips.end(), [name](const auto& each) { return same_letters(each, name); });
    if (found == strips.end()) {
        throw OscError{OscErrorCode::not_found,
                       "there is no strip '" + std::string{name} + "': there are " + control.strip_names()};
    }
    return static_cast<std::size_t>(found - strips.begin());
}

}  // namespace

StripRequest strip_request(const OscRequest& request, const MixerControl& control) {
    return {.request = request, .strip = strip_named(request.arguments.text(0, "strip"), control)};
}

bool StripRequest::take_band() {
    if (values() == 0) {
        return false;
    }
    const std::string_view word = arguments().text(first, "band");
    const auto named = eq_band_named(word);
    if (!named) {
        throw OscError{OscErrorCode::bad_arguments, "band must be low, mid or high, not '" + std::string{word} + "'"};
    }
    band = static_cast<Band>(*named);
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

void StripRequest::done() const { request.reply_to.send(request.reply_to.reply().text(arguments().text(0, "strip"))); }

Timing timing(ClientShell& shell, std::optional<JackFrame> start, std::optional<double> seconds) {
    const double rate = shell.has_jack() ? shell.jack().format().rate : 48000.0;
    const bool short_ramp = !seconds || *seconds < Mixer::least_ramp().value;
    const Seconds length = !seconds ? knob_ramp : Seconds{std::max(*seconds, Mixer::least_ramp().value)};
    return {.start = start.value_or(Move::soonest),
            .length = to_frames(length, rate),
            .shape = short_ramp ? FadeShape::smooth : FadeShape::linear};
}

Timing timing_arguments(ClientShell& shell, const OscRequest& request, std::size_t i) {
    const auto ramp = request.arguments.optional_number(i, "ramp_s");
    return timing(shell, shell.frame_argument(request, i + 1, "frame"), ramp);
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
