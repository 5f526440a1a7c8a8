// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "mixer-bus/loudness.hpp"
#include "mixer-bus/mixer_control.hpp"
#include "mixer-bus/recorder.hpp"
#include "mixer-bus/silence_watch.hpp"
#include "mixer-bus/streamer.hpp"

namespace crowdjack {

/// All that the mixer's handlers work on; all of it outlives the shell's OSC server.
struct MixerParts {
    ClientShell& shell;
    MixerProcess& process;
    MixerControl& control;
    Recorder& recorder;
    Streamer& streamer;
    LoudnessMeter& loudness;
    SilenceWatch& silence;
};

/// Registers gain, trim, pan, fade, eq, eq_all, filter, forget (what a strip has scheduled), pfl, mute, solo: as
/// /mixer/COMMAND and /mixer/STRIP/COMMAND.
void register_strip_commands(ClientShell& shell, MixerControl& control);
/// Registers /mixer/master, phones, limiter.
void register_master_commands(ClientShell& shell, MixerControl& control);
/// Registers /mixer/silence.
void register_silence(ClientShell& shell, SilenceWatch& silence);

/// Registers /mixer/record/*, /mixer/stream/* and /mixer/nowplaying.
/// @{
void register_record_commands(ClientShell& shell, Recorder& recorder);
void register_stream_commands(ClientShell& shell, Streamer& streamer);
void register_now_playing(ClientShell& shell, Recorder& recorder, Streamer& streamer);
/// @}

/// Registers the /mixer/meters, tap, state and health questions, and takes /tempo/line as the report it is.
void register_questions(const MixerParts& parts);

/// The /mixer/meters message of now.
[[nodiscard]] OscMessage meters_message(MixerControl& control, double lufs);

}  // namespace crowdjack
