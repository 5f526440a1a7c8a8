// SPDX-License-Identifier: GPL-3.0-or-later
// Which deck may play the fallback, and where it is heard. Pure.
#pragma once

#include "session/patch/connection.hpp"

#include <map>
#include <string>
#include <vector>

namespace crowdjack {

/// The strip of the mixer that `deck` is patched into, by the listed connections; its letter where none is.
[[nodiscard]] std::string strip_of_deck(const std::string& deck, const std::vector<Connection>& connections);

/// The deck that can play the fallback without taking one from the set: the last that is empty or failed, else the last
/// that has stopped; "" when all are busy. @param states  deck → its state
[[nodiscard]] std::string spare_deck(const std::map<std::string, std::string>& states);

}  // namespace crowdjack
