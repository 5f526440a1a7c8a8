// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/mixer_control.hpp"
#include "mixer-bus/silence_watch.hpp"

#include <string>

namespace crowdjack {

/// The mixer's state as JSON: where every parameter is or, when moves are scheduled, where they lead.
[[nodiscard]] std::string saved_state(MixerControl& control, const SilenceWatch& silence);

/// Sets the mixer as saved_state() had it, before the audio thread runs. Strips that are no more are passed over.
/// @throws Failure when the text is no such state
void restore_state(MixerControl& control, SilenceWatch& silence, const std::string& text);

}  // namespace crowdjack
