// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/jack_clients.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack::demo {

/// What one deck did, as heard at its own outputs and as it says itself.
struct DeckFigures {
    std::string name;
    std::int64_t first_sound{};  ///< JACK frame of its first sample that is not 0
    std::int64_t started{};      ///< the frame its /deck/started event named
    double starved_frames{}, xruns{};
};

struct Figures {
    std::vector<DeckFigures> decks;
    std::int64_t agreed_frame{};  ///< what /reply /start_group promised
    std::int64_t begin{}, end{};  ///< the recording, in JACK frames
    double rate{};
    std::uint32_t period{};                   ///< frames
    std::size_t lost_samples{};               ///< frames the recording has not: where the server's clock jumped
    std::optional<std::size_t> witness_lost;  ///< what a client that does nothing lost meanwhile
    double peak{}, bpm_first{}, bpm_last{};
    std::filesystem::path recording;
};

/// The frames of [begin, end) that were not recorded.
[[nodiscard]] std::size_t lost_samples(const test::Capture& capture, std::int64_t begin, std::int64_t end);

/// Writes channels 0 and 1 of the capture as a WAV; silence where nothing was recorded. @returns the peak level
double write_recording(const test::Capture& capture, std::int64_t begin, std::int64_t end, double rate,
                       const std::filesystem::path& path);

/// Prints the figures, what they mean and what to try next.
/// @returns true when the promises were kept: one start, nothing starved, something heard
bool report(const Figures& figures);

}  // namespace crowdjack::demo
