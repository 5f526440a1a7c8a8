// SPDX-License-Identifier: GPL-3.0-or-later
// What an OSC packet holds, read against the bytes that are there. Pure functions of the bytes; any thread.
#pragma once

#include "common/osc_atom.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace crowdjack {

/// A message as read: whole when `problem` is empty. Its address may be readable though the rest is not.
struct OscReading {
    std::string address;  ///< empty when the packet has none that can be read
    std::vector<OscAtom> atoms;
    std::string problem;  ///< for people: what is wrong, and which
};

/// Reads one message: an address of printable ASCII that begins with '/', and at most 256 arguments of the types
/// i h f d s S T F N. Type tags may be missing altogether, as old senders have it; `[]` counts as no argument.
[[nodiscard]] OscReading read_osc_message(const char* data, std::size_t size);

/// The bytes of `#bundle`, its time tag and nothing else.
constexpr std::size_t bundle_header_size = 16;

[[nodiscard]] bool is_bundle(const char* data, std::size_t size);

/// How far in the future a bundle is dated; 0 for "immediately", negative for the past. Precondition: is_bundle().
[[nodiscard]] double bundle_seconds_ahead(const char* bundle);

/// The big-endian 32-bit number at `bytes`, which need not be aligned.
[[nodiscard]] std::uint32_t big_endian(const char* bytes);

}  // namespace crowdjack
