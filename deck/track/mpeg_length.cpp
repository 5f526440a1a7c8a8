// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/track/mpeg_length.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace crowdjack {

namespace {

constexpr std::size_t header_bytes = 4;

/// What a Layer III frame header says (ISO 11172-3, 13818-3).
struct Header {
    bool first_version{};  ///< MPEG 1; else 2 or 2.5, at half and quarter rates
    bool mono{};
    unsigned version_and_rate{};  ///< the same in every frame of a stream
    std::size_t bytes{};          ///< of the whole frame
};

std::optional<Header> header_at(std::span<const std::byte> stream, std::size_t at) {
    constexpr std::array<std::array<unsigned, 15>, 2> kilobits{
        {{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
         {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}}};
    constexpr std::array<unsigned, 3> rates{44100, 48000, 32000};
    if (stream.size() < at + header_bytes) {
        return std::nullopt;
    }
    const auto byte = [&](std::size_t i) { return static_cast<unsigned>(stream[at + i]); };
    const unsigned version = byte(1) >> 3U & 3U;
    const unsigned bit_rate = byte(2) >> 4U;
    const unsigned rate = byte(2) >> 2U & 3U;
    const bool layer_three = byte(0) == 0xFF && (byte(1) & 0xE6U) == 0xE2U;
    if (!layer_three || version == 1 || bit_rate == 0 || bit_rate == 15 || rate == 3) {
        return std::nullopt;
    }
    Header header;
    header.first_version = version == 3;
    header.mono = byte(3) >> 6U == 3;
    header.version_and_rate = version << 2U | rate;
    const unsigned hertz = rates.at(rate) >> (version == 3 ? 0U : version == 2 ? 1U : 2U);
    const unsigned bits = kilobits.at(header.first_version ? 1 : 0).at(bit_rate) * 1000;
    header.bytes = (header.first_version ? 144 : 72) * bits / hertz + (byte(2) >> 1U & 1U);
    return header;
}

bool tells_its_length(std::span<const std::byte> stream, const Header& first) {
    const std::string_view frame{reinterpret_cast<const char*>(stream.data()), std::min(first.bytes, stream.size())};
    const std::string_view begin = frame.substr(0, 64);
    return begin.find("Xing") != std::string_view::npos || begin.find("Info") != std::string_view::npos ||
           begin.find("VBRI") != std::string_view::npos;
}

/// Whole frames, over damaged places to the next header that another one follows.
std::uint32_t count_frames(std::span<const std::byte> stream, const Header& first) {
    const auto fits = [&](std::size_t at) {
        const auto header = header_at(stream, at);
        return header && header->version_and_rate == first.version_and_rate ? header : std::nullopt;
    };
    std::uint32_t count = 0;
    for (std::size_t at = 0; at + header_bytes <= stream.size();) {
        const auto header = fits(at);
        if (header && at + header->bytes <= stream.size()) {
            ++count;
            at += header->bytes;
            continue;
        }
        for (++at; at + header_bytes <= stream.size(); ++at) {
            if (const auto next = fits(at); next && fits(at + next->bytes)) {
                break;
            }
        }
    }
    return count;
}

}  // namespace

std::vector<std::byte> missing_xing_frame(std::span<const std::byte> stream) {
    const auto first = header_at(stream, 0);
    if (!first || !header_at(stream, first->bytes) || tells_its_length(stream, *first)) {
        return {};
    }
    std::vector<std::byte> frame(stream.begin(), stream.begin() + header_bytes);
    frame[1] |= std::byte{1};                                   // no checksum follows
    frame[2] = (frame[2] & std::byte{0x0D}) | std::byte{0xE0};  // the highest bit rate, unpadded: room for the tag
    const std::size_t side_information = first->first_version ? (first->mono ? 17 : 32) : (first->mono ? 9 : 17);
    const std::size_t tag = header_bytes + side_information;
    frame.resize(header_at(frame, 0)->bytes);
    constexpr std::string_view name{"Xing"};
    std::transform(name.begin(), name.end(), frame.begin() + static_cast<std::ptrdiff_t>(tag),
                   [](char c) { return static_cast<std::byte>(c); });
    frame[tag + 7] = std::byte{1};  // what follows is the count of frames, and nothing else
    const std::uint32_t count = count_frames(stream, *first);
    for (std::size_t i = 0; i < 4; ++i) {
        frame[tag + 8 + i] = static_cast<std::byte>(count >> (24U - 8U * i));
    }
    return frame;
}

}  // namespace crowdjack
