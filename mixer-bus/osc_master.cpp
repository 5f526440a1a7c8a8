// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/osc_arguments.hpp"
#include "mixer-bus/osc_mixer.hpp"

#include <string>

namespace crowdjack {

namespace {

constexpr ParameterId master{MixerParameter::master};
constexpr ParameterId phones{MixerParameter::phones};
constexpr ParameterId cue_mix{MixerParameter::cue_mix};

void obey_master(ClientShell& shell, MixerControl& control, const OscRequest& request) {
    if (request.arguments.empty()) {
        OscMessage answer{std::string{request.address}};
        request.reply_to.send(answer.real(control.target(master)).real(control.current(master)));
        return;
    }
    const double gain = request.arguments.number(0, "linear");
    move_or_refuse(control, master, timing_arguments(shell, request, 1).to(gain));
    shell.state_changed();
    request.reply_to.done();
}

void obey_phones(ClientShell& shell, MixerControl& control, const OscRequest& request) {
    if (request.arguments.empty()) {
        OscMessage answer{std::string{request.address}};
        request.reply_to.send(answer.real(control.target(phones)).real(control.target(cue_mix)));
        return;
    }
    const double gain = request.arguments.number(0, "gain");
    const auto mix = request.arguments.optional_number(1, "cue_mix");
    const Timing now = timing(shell, {}, {});
    move_or_refuse(control, phones, now.to(gain));
    if (mix) {
        move_or_refuse(control, cue_mix, now.to(*mix));
    }
    shell.state_changed();
    request.reply_to.done();
}

void obey_limiter(ClientShell& shell, MixerControl& control, const OscRequest& request) {
    LimiterCommand limiter = control.limiter();
    if (request.arguments.empty()) {
        OscMessage answer{std::string{request.address}};
        answer.flag(limiter.on).real(static_cast<float>(to_decibels(static_cast<double>(limiter.ceiling)).value));
        request.reply_to.send(answer);
        return;
    }
    limiter.on = request.arguments.flag(0, "on");
    if (const auto ceiling = request.arguments.optional_number(1, "ceiling_dB")) {
        limiter.ceiling = to_gain({*ceiling}).value;
    }
    if (control.set_limiter(limiter) != MixerControl::Sent::yes) {
        throw OscError{OscErrorCode::failed, "the audio thread takes no commands: does JACK run?"};
    }
    shell.state_changed();
    request.reply_to.done();
}

void obey_silence(ClientShell& shell, SilenceWatch& silence, const OscRequest& request) {
    SilenceWatch::Settings settings = silence.settings();
    if (request.arguments.empty()) {
        OscMessage answer{std::string{request.address}};
        answer.real(static_cast<float>(settings.threshold_db)).real(static_cast<float>(settings.seconds));
        request.reply_to.send(answer.flag(silence.silent()));
        return;
    }
    settings.threshold_db = request.arguments.number(0, "threshold_dB");
    settings.seconds = request.arguments.optional_number(1, "seconds").value_or(settings.seconds);
    silence.set(settings);
    shell.state_changed();
    request.reply_to.done();
}

}  // namespace

void register_silence(ClientShell& shell, SilenceWatch& silence) {
    shell.osc().handle(at::mixer_silence,
                       [&shell, &silence](const OscRequest& request) { obey_silence(shell, silence, request); });
}

void register_master_commands(ClientShell& shell, MixerControl& control) {
    const auto handle = [&](const char* address, void (*obey)(ClientShell&, MixerControl&, const OscRequest&)) {
        shell.osc().handle(address,
                           [&shell, &control, obey](const OscRequest& request) { obey(shell, control, request); });
    };
    handle(at::mixer_master, obey_master);
    handle(at::mixer_phones, obey_phones);
    handle(at::mixer_limiter, obey_limiter);
}

}  // namespace crowdjack
