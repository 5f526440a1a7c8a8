// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/client_shell.hpp"
#include "common/run_main.hpp"
#include "mixer-bus/mixer_options.hpp"
#include "mixer-bus/mixer_state.hpp"
#include "mixer-bus/osc_mixer.hpp"
#include "mixer-bus/reporter.hpp"

#include <jack/jack.h>

#include <chrono>
#include <utility>

namespace {

using namespace crowdjack;

constexpr double fade_out_s = 0.020;         ///< at the end
constexpr std::uint64_t cycles_to_hear = 2;  ///< of silence, before the ports go
constexpr auto look_again = std::chrono::milliseconds{5};
constexpr auto longest_fade = std::chrono::milliseconds{900};  ///< periods of 8192 frames take 0.7 s; then whatever

/// master_l and master_r to the first two physical outputs.
void connect_master(JackClient& jack) {
    const char** outputs =
        jack_get_ports(jack.raw(), nullptr, JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput | JackPortIsPhysical);
    for (std::size_t i = 0; outputs != nullptr && i < 2 && outputs[i] != nullptr; ++i) {
        jack.connect(i == 0 ? "master_l" : "master_r", outputs[i]);
    }
    jack_free(outputs);
}

/// Calls `done` when the audio thread has given nothing but silence for a while, or there is none.
void await_silence(ClientShell& shell, MixerProcess& process, std::chrono::steady_clock::time_point until,
                   std::function<void()> done) {
    if (!shell.has_jack() || process.silent_cycles() >= cycles_to_hear || std::chrono::steady_clock::now() >= until) {
        done();
        return;
    }
    shell.loop().after(look_again, [&shell, &process, until, done = std::move(done)]() mutable {
        await_silence(shell, process, until, std::move(done));
    });
}

/// Fades out, then ends recording and stream, then calls `finished`.
void stop_mixing(const MixerParts& parts, std::function<void()> finished) {
    if (parts.shell.has_jack()) {
        const Frames length = to_frames({fade_out_s}, parts.shell.jack().format().rate);
        parts.process.send(
            MoveCommand{ParameterId{MixerParameter::master}, {Move::soonest, length, 0.0F, FadeShape::smooth}});
    }
    await_silence(parts.shell, parts.process, std::chrono::steady_clock::now() + longest_fade,
                  [parts, finished = std::move(finished)] {
                      parts.recorder.finish([parts, finished] { parts.streamer.finish(finished); });
                  });
}

void register_all(const MixerParts& parts) {
    register_strip_commands(parts.shell, parts.control);
    register_master_commands(parts.shell, parts.control);
    register_silence(parts.shell, parts.silence);
    register_record_commands(parts.shell, parts.recorder);
    register_stream_commands(parts.shell, parts.streamer);
    register_now_playing(parts.shell, parts.recorder, parts.streamer);
    register_questions(parts);
}

int run(int argc, char** argv) {
    auto options = read_mixer_options(argc, argv);
    if (!options) {
        return 0;
    }
    MixerProcess process{options->control.mixer};
    ClientShell shell{{"mixer-bus", {"mixer-bus"}, "crowdjack-mixer-bus", "crowdjack mixer-bus"},
                      options->common,
                      process,
                      Limiter::delay};
    MixerControl control{options->control, process,
                         [&shell] { return shell.has_jack() ? shell.jack().last_frame() : JackFrame{}; }};
    RunningNote note{[&shell] { return registry_folder(shell.server()) / (shell.name() + ".running.state"); }};
    Recorder recorder{shell, process, options->folders, note, options->recorder};
    Streamer streamer{shell, process, note, options->streamer};
    LoudnessMeter loudness;
    SilenceWatch silence{shell};
    Reporter reporter{shell, control, process, loudness, silence};
    const MixerParts parts{shell, process, control, recorder, streamer, loudness, silence};
    register_all(parts);

    shell.hooks.ports = [&](const std::string&) { return MixerProcess::ports(options->control.strips); };
    shell.hooks.save = [&] { return saved_state(control, silence); };
    shell.hooks.restore = [&](const std::string& state) { restore_state(control, silence, state); };
    const auto connected = [&] {
        reporter.connected();
        recorder.connected();
        streamer.connected();
    };
    shell.hooks.connected = connected;
    shell.hooks.disconnected = [&] { control.forget_frames(); };
    shell.hooks.connect = [&] { connect_master(shell.jack()); };
    shell.hooks.tick = [&, tap = process.tap()]() mutable {
        if (std::exchange(tap, process.tap()) != process.tap()) {
            connected();  // the rate changed while running
        }
        recorder.tick();
        shell.hooks.tick_period = reporter.tick();
    };
    shell.hooks.tick_period = Reporter::metering;
    shell.hooks.stop = [&](std::function<void()> finished) { stop_mixing(parts, std::move(finished)); };
    shell.loop().every(Reporter::unheard, [&silence] { silence.tick(); });
    return shell.run();
}

}  // namespace

int main(int argc, char** argv) {
    return crowdjack::run_main("crowdjack-mixer-bus", [&] { return run(argc, argv); });
}
