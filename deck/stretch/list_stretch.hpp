// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/stretch/stretch_method.hpp"

#include <string>
#include <vector>

namespace crowdjack {

/// One method as built in, and what it costs on this machine.
struct StretchListing {
    StretchMethod method{};
    std::string library;    ///< name and version, as the library itself tells
    double latency_ms{};    ///< source it needs ahead of the sound it makes
    double cost_percent{};  ///< of one core for one stereo deck, measured now
};

/// Measures every method for a moment (about a second in all). Control thread; allocates.
[[nodiscard]] std::vector<StretchListing> list_stretch(double server_rate = 48000.0);

/// The table that `--list-stretch` prints: a heading and one line a method, each ended by a newline.
[[nodiscard]] std::string format_stretch_list(const std::vector<StretchListing>& listings);

}  // namespace crowdjack
