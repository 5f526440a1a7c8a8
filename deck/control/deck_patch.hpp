// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/jack_client.hpp"

#include <string>
#include <vector>

namespace crowdjack {

/// out_l and out_r, with the pretty names "Deck A left" and "Deck A right" for the client deck-A.
[[nodiscard]] std::vector<PortSpec> deck_ports(const std::string& client);

/// --connect: to the mixer's strip of the same letter when there is one, else to the first two physical outputs.
void patch_deck(JackClient& jack, const std::string& client);

}  // namespace crowdjack
