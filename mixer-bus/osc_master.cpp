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
    request.arguments.expect(0, 3, "[f:linear [d:ramp_s [i:frame]]]");
    if (request.arguments.empty()) {
        OscMessage answer{std::string{request.address}};
        request.reply_to.send(answer.real(control.target(master)).real(control.current(master)));
        return;
    }
    const double gain = request.arguments.number(0, "linear", 0.0, highest_gain);
    move_or_refuse(control, master, timing_arguments(shell, request, 1).to(gain));
    shell.state_changed();
    request.reply_to.done();
}

void obey_phones(ClientShell& shell, MixerControl& control, const OscRequest& request) {
    request.arguments.expect(0, 2, "[f:gain [f:cue_mix]]");
    if (request.arguments.empty()) {
        OscMessage answer{std::string{request.address}};
        request.reply_to.send(answer.real(control.target(phones)).real(control.target(cue_mix)));
        return;
    }
    request.arguments.expect_no_text(1);
    const double gain = request.arguments.number(0, "gain", 0.0, highest_gain);
    const auto mix = request.arguments.optional_number(1, "cue_mix", 0.0, 1.0);
    const Timing now = timing(shell, {}, {});
    move_or_refuse(control, phones, now.to(gain));
    if (mix) {
        move_or_refuse(control, cue_mix, now.to(*mix));
    }
    shell.state_changed();
    request.reply_to.done();
}

void obey_limiter(ClientShell& shell, MixerControl& control, const OscRequest& request) {
    request.arguments.expect(0, 2, "[T|F [f:ceiling_dB]]");
    LimiterCommand limiter = control.limiter();
    if (request.arguments.empty()) {
        OscMessage answer{std::string{request.address}};
        answer.flag(limiter.on).real(static_cast<float>(to_decibels(static_cast<double>(limiter.ceiling)).value));
        request.reply_to.send(answer);
        return;
    }
    request.arguments.expect_no_text(1);
    limiter.on = request.arguments.flag(0, "on");
    if (const auto ceiling = request.arguments.optional_number(1, "ceiling_dB", -60.0, 20.0)) {
        limiter.ceiling = to_gain({*ceiling}).value;
    }
    if (control.set_limiter(limiter) != MixerControl::Sent::yes) {
        throw OscError{OscErrorCode::failed, "the audio thread takes no commands: does JACK run?"};
    }
    shell.state_changed();
    request.reply_to.done();
}

void obey_silence(ClientShell& shell, SilenceWatch& silence, const OscRequest& request) {
    request.arguments.expect(0, 2, "[f:threshold_dB [f:seconds]]");
    SilenceWatch::Settings settings = silence.settings();
    if (request.arguments.empty()) {
        OscMessage answer{std::string{request.address}};
        answer.real(static_cast<float>(settings.threshold_db)).real(static_cast<float>(settings.seconds));
        request.reply_to.send(answer.flag(silence.silent()));
        return;
    }
    settings.threshold_db = request.arguments.number(0, "threshold_dB", -160.0, 0.0);
    settings.seconds = request.arguments.optional_number(1, "seconds", 0.1, 3600.0).value_or(settings.seconds);
    request.arguments.expect_no_text(1);
    silence.set(settings);
    shell.state_changed();
    request.reply_to.done();
}

}  // namespace

void register_silence(ClientShell& shell, SilenceWatch& silence) {
    shell.osc().handle("/mixer/silence",
                       [&shell, &silence](const OscRequest& request) { obey_silence(shell, silence, request); });
}

void register_master_commands(ClientShell& shell, MixerControl& control) {
    const auto handle = [&](const char* address, void (*obey)(ClientShell&, MixerControl&, const OscRequest&)) {
        shell.osc().handle(address,
                           [&shell, &control, obey](const OscRequest& request) { obey(shell, control, request); });
    };
    handle("/mixer/master", obey_master);
    handle("/mixer/phones", obey_phones);
    handle("/mixer/limiter", obey_limiter);
}

}  // namespace crowdjack
