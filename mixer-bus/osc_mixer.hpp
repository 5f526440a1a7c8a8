// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "mixer-bus/desk.hpp"
#include "mixer-bus/loudness.hpp"
#include "mixer-bus/takes.hpp"

namespace crowdjack {

/// Registers /mixer/gain, trim, fade, eq, eq_all, filter, forget (what a strip has scheduled), pfl, mute, master,
/// phones, limiter. All three outlive the shell.
void register_strip_commands(ClientShell& shell, Desk& desk);
void register_master_commands(ClientShell& shell, Desk& desk);

/// Registers /mixer/record/* and /mixer/stream/*.
void register_take_commands(ClientShell& shell, Takes& takes);

/// Registers the /mixer/meters, tap, state and health questions, and takes /tempo/line as the report it is.
void register_questions(ClientShell& shell, Desk& desk, Takes& takes, MixerProcess& process, LoudnessMeter& loudness);

/// The /mixer/meters message of now.
[[nodiscard]] OscMessage meters_message(Desk& desk, double lufs);

}  // namespace crowdjack
