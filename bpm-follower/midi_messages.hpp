// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

// MIDI 1.0: system messages of a clock.
namespace crowdjack::midi_message {

constexpr std::uint8_t song_position = 0xF2;
constexpr std::uint8_t timing_clock = 0xF8;
constexpr std::uint8_t start = 0xFA;
constexpr std::uint8_t go_on = 0xFB;
constexpr std::uint8_t stop = 0xFC;

}  // namespace crowdjack::midi_message
