// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace crowdjack {

/// STREAMINFO (RFC 9639, 8.2), or what the first frame says where there is none.
struct FlacInfo {
    int rate{};  ///< Hz; 0: not known
    std::uint32_t channels{};
    int bits{};
    std::int64_t claimed{};     ///< frames; 0: its writer could not go back and say
    std::size_t audio_begin{};  ///< byte after the last metadata block
};

/// What a frame's header says (RFC 9639, 9.1), its checksum being right.
struct FlacHeader {
    int rate{};  ///< 0: as STREAMINFO says
    std::uint32_t channels{};
    int bits{};  ///< 0: as STREAMINFO says
    std::int64_t samples{};
    std::size_t bytes{};  ///< of the header
};

struct FlacFrame {
    std::size_t at{};
    std::uint32_t bytes{};
    std::int64_t first{};  ///< the frame of sound it begins with, counted and not as its number says
};

/// @param at  of "fLaC". @returns nothing when that is not there
[[nodiscard]] std::optional<FlacInfo> flac_info_at(std::span<const std::byte> bytes, std::size_t at);

[[nodiscard]] std::optional<FlacHeader> flac_header_at(std::span<const std::byte> bytes, std::size_t at);

/// Tries to decode the frame that begins at a place. @returns its bytes, 0 when it can't be decoded
using FlacTrial = std::function<std::size_t(std::size_t at)>;

/// Every whole frame in the file, in its order: those whose checksum over all their bytes is right, and those that
/// `trial` can decode though something else follows them.
/// @param info  is completed from the first frame
[[nodiscard]] std::vector<FlacFrame> find_flac_frames(std::span<const std::byte> bytes, FlacInfo& info,
                                                      const FlacTrial& trial, std::int64_t& samples);

}  // namespace crowdjack
