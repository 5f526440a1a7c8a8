// SPDX-License-Identifier: GPL-3.0-or-later
// What an OSC packet looks like from outside, before liblo sees it. Pure functions of the bytes; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace crowdjack {

/// Walks address, type tags and arguments against the bytes that are there, so that liblo only ever sees what is whole:
/// an address that begins with '/', at most 256 arguments of the types i h f d s S T F N, and not a byte more.
[[nodiscard]] bool is_well_formed_message(const char* data, std::size_t size);

/// Nothing follows the address, not even a comma: how old senders send what has no arguments. Precondition:
/// is_well_formed_message().
[[nodiscard]] bool is_bare_address(const char* data, std::size_t size);

/// The bytes of `#bundle`, its time tag and nothing else.
constexpr std::size_t bundle_header_size = 16;

[[nodiscard]] bool is_bundle(const char* data, std::size_t size);

/// How far in the future a bundle is dated; 0 for "immediately", negative for the past. Precondition: is_bundle().
[[nodiscard]] double bundle_seconds_ahead(const char* bundle);

/// The big-endian 32-bit number at `bytes`, which need not be aligned.
[[nodiscard]] std::uint32_t big_endian(const char* bytes);

}  // namespace crowdjack
