// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/osc_arguments.hpp"
#include "mixer-bus/osc_mixer.hpp"

#include <string>

namespace crowdjack {

namespace {

constexpr ParameterId master{MixerParameter::master};
constexpr ParameterId phones{MixerParameter::phones};
constexpr ParameterId cue_mix{MixerParameter::cue_mix};

void obey_master(ClientShell& shell, Desk& desk, const OscRequest& request) {
    request.arguments.expect(0, 3, "[f:linear [d:ramp_s [i:frame]]]");
    if (request.arguments.empty()) {
        OscMessage answer{std::string{request.address}};
        request.reply_to.send(answer.real(desk.target(master)).real(desk.current(master)));
        return;
    }
    const double gain = request.arguments.number(0, "linear", 0.0, highest_gain);
    move_or_refuse(desk, master, timing_arguments(shell, request, 1).to(gain));
    shell.state_changed();
    request.reply_to.done();
}

void obey_phones(ClientShell& shell, Desk& desk, const OscRequest& request) {
    request.arguments.expect(0, 2, "[f:gain [f:cue_mix]]");
    if (request.arguments.empty()) {
        OscMessage answer{std::string{request.address}};
        request.reply_to.send(answer.real(desk.target(phones)).real(desk.target(cue_mix)));
        return;
    }
    request.arguments.expect_no_text(1);
    const double gain = request.arguments.number(0, "gain", 0.0, highest_gain);
    const auto mix = request.arguments.optional_number(1, "cue_mix", 0.0, 1.0);
    const Timing now = timing(shell, {}, {});
    move_or_refuse(desk, phones, now.to(gain));
    if (mix) {
        move_or_refuse(desk, cue_mix, now.to(*mix));
    }
    shell.state_changed();
    request.reply_to.done();
}

void obey_limiter(ClientShell& shell, Desk& desk, const OscRequest& request) {
    request.arguments.expect(0, 2, "[T|F [f:ceiling_dB]]");
    LimiterCommand limiter = desk.limiter();
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
    if (desk.set_limiter(limiter) != Desk::Sent::yes) {
        throw OscError{OscErrorCode::failed, "the audio thread takes no commands: does JACK run?"};
    }
    shell.state_changed();
    request.reply_to.done();
}

}  // namespace

void register_master_commands(ClientShell& shell, Desk& desk) {
    const auto handle = [&](const char* address, void (*obey)(ClientShell&, Desk&, const OscRequest&)) {
        shell.osc().handle(address, [&shell, &desk, obey](const OscRequest& request) { obey(shell, desk, request); });
    };
    handle("/mixer/master", obey_master);
    handle("/mixer/phones", obey_phones);
    handle("/mixer/limiter", obey_limiter);
}

}  // namespace crowdjack
