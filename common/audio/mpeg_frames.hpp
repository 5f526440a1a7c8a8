// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace crowdjack {

/// What the four bytes before an MPEG audio frame say (ISO 11172-3, 13818-3 and the 2.5 extension).
struct MpegHeader {
    int layer{};  ///< 1 to 3
    int rate{};   ///< Hz
    std::uint32_t channels{};
    std::size_t bytes{};             ///< of the whole frame
    std::int64_t samples{};          ///< that it becomes
    unsigned kind{};                 ///< version, layer and rate: the same in every frame of a stream
    std::size_t side_information{};  ///< bytes after the header, Layer III
};

[[nodiscard]] std::optional<MpegHeader> mpeg_header_at(std::span<const std::byte> bytes, std::size_t at);

/// Goes from frame to frame of one stream, over whatever else lies between them.
class MpegWalk {
public:
    struct Frame {
        std::size_t at{}, bytes{};
    };

    /// @param kind  of the frames; @param at  where to begin
    MpegWalk(std::span<const std::byte> bytes, unsigned kind, std::size_t at) noexcept
        : bytes_{bytes}, kind_{kind}, at_{at} {}

    /// The next whole frame: what follows the last, else the first that another follows.
    [[nodiscard]] std::optional<Frame> next();

private:
    [[nodiscard]] std::optional<MpegHeader> header(std::size_t at) const;
    [[nodiscard]] bool resync();

    std::span<const std::byte> bytes_;
    unsigned kind_;
    std::size_t at_;
};

/// All frames of an MPEG audio file, counted.
struct MpegStream {
    static constexpr std::int64_t stride = 32;

    MpegHeader first;
    std::int64_t frames{};
    std::vector<std::size_t> places;  ///< of frames 0, stride, 2 * stride, …
    std::int64_t skip{};              ///< samples at the beginning that are the encoder's delay
    std::int64_t padding{};           ///< samples at the end that are its padding
    std::int64_t claimed{};           ///< samples that the header says can be heard; 0: it says nothing

    [[nodiscard]] std::int64_t samples() const noexcept { return frames * first.samples; }
};

/// @param bytes  the file without tags at its end. @param from  where tags at the beginning end
/// @returns nothing when there are no two matching frame headers, one after the other, in its first megabyte
[[nodiscard]] std::optional<MpegStream> find_mpeg_stream(std::span<const std::byte> bytes, std::size_t from);

}  // namespace crowdjack
