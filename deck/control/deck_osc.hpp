// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "deck/control/deck.hpp"

#include <string>

namespace crowdjack {

/// Every /deck/* address of PROTOCOL.md, and the /tempo/line report. Both outlive the shell's run.
/// @{
void register_transport(ClientShell& shell, Deck& deck);
void register_parameters(ClientShell& shell, Deck& deck);
void register_stems(ClientShell& shell, Deck& deck);
void register_tempo(ClientShell& shell, Deck& deck);
void register_beats(ClientShell& shell, Deck& deck);  ///< grid, sync, autoplay
/// @}

/// Begins the answer to a question: at the question's own address.
[[nodiscard]] inline OscMessage answer(const OscRequest& request) { return OscMessage{std::string{request.address}}; }

}  // namespace crowdjack
