// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/client_shell.hpp"
#include "common/run_main.hpp"
#include "mixer-bus/desk_state.hpp"
#include "mixer-bus/mixer_options.hpp"
#include "mixer-bus/osc_mixer.hpp"
#include "mixer-bus/reporter.hpp"

#include <jack/jack.h>

#include <cmath>

namespace {

using namespace crowdjack;

constexpr double fade_out_s = 0.020;  ///< at the end
constexpr double slack_s = 0.040;     ///< for late cycles

/// master_l and master_r to the first two physical outputs.
void connect_master(JackClient& jack) {
    const char** outputs =
        jack_get_ports(jack.raw(), nullptr, JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput | JackPortIsPhysical);
    for (std::size_t i = 0; outputs != nullptr && i < 2 && outputs[i] != nullptr; ++i) {
        jack.connect(i == 0 ? "master_l" : "master_r", outputs[i]);
    }
    jack_free(outputs);
}

void stop_mixing(ClientShell& shell, MixerProcess& process, Takes& takes, std::function<void()> finished) {
    const double rate = shell.jack().format().rate;
    const Frames length = to_frames({fade_out_s}, rate);
    // One period until the fade is learnt of, one until its last has gone out.
    const double heard_s = fade_out_s + slack_s + 2.0 * shell.jack().period() / rate;
    process.send(MoveCommand{ParameterId{MixerParameter::master}, {Move::soonest, length, 0.0F, FadeShape::smooth}});
    shell.loop().after(std::chrono::milliseconds{std::lround(1000.0 * heard_s)},
                       [&takes, finished = std::move(finished)] { takes.finish(finished); });
}

int run(int argc, char** argv) {
    auto options = read_mixer_options(argc, argv);
    if (!options) {
        return 0;
    }
    MixerProcess process{options->desk.mixer};
    ClientShell shell{{"mixer-bus", {"mixer-bus"}, "crowdjack-mixer-bus", "crowdjack mixer-bus"},
                      options->common,
                      process,
                      Limiter::delay};
    Desk desk{options->desk, process, [&shell] { return shell.has_jack() ? shell.jack().last_frame() : JackFrame{}; }};
    Takes takes{shell, process, options->folders};
    LoudnessMeter loudness;
    Reporter reporter{shell, desk, process, loudness};
    takes.wish(options->wishes);

    register_strip_commands(shell, desk);
    register_master_commands(shell, desk);
    register_take_commands(shell, takes);
    register_questions(shell, desk, takes, process, loudness);

    shell.hooks.ports = [&](const std::string&) { return MixerProcess::ports(options->desk.strips); };
    shell.hooks.save = [&] { return saved_state(desk); };
    shell.hooks.restore = [&](const std::string& state) { restore_state(desk, state); };
    shell.hooks.connected = [&] {
        reporter.connected();
        takes.connected();
    };
    shell.hooks.disconnected = [&] { desk.forget_frames(); };
    shell.hooks.connect = [&] { connect_master(shell.jack()); };
    shell.hooks.tick = [&] { shell.hooks.tick_period = reporter.tick(); };
    shell.hooks.tick_period = Reporter::metering;
    shell.hooks.stop = [&](std::function<void()> finished) { stop_mixing(shell, process, takes, std::move(finished)); };
    return shell.run();
}

}  // namespace

int main(int argc, char** argv) {
    return crowdjack::run_main("crowdjack-mixer-bus", [&] { return run(argc, argv); });
}
