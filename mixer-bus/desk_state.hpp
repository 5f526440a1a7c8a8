// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/desk.hpp"

#include <string>

namespace crowdjack {

/// The desk's state as JSON: where every parameter is or, when moves are scheduled, where they lead.
[[nodiscard]] std::string saved_state(Desk& desk);

/// Sets the desk as saved_state() had it, before the audio thread runs. Strips that are no more are passed over.
/// @throws Failure when the text is no such state
void restore_state(Desk& desk, const std::string& text);

}  // namespace crowdjack
