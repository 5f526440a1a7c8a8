// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ogg/ogg.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace crowdjack {

/// The decoder of one logical stream of Ogg Vorbis or Opus.
class OggCodec {
public:
    OggCodec() = default;
    OggCodec(const OggCodec&) = delete;
    OggCodec& operator=(const OggCodec&) = delete;
    virtual ~OggCodec() = default;

    /// Takes a header packet. @returns false when it is none: the sound begins with it
    virtual bool take_header(ogg_packet& packet) = 0;
    /// All headers came and are good.
    [[nodiscard]] virtual bool complete() const noexcept = 0;

    [[nodiscard]] virtual int rate() const noexcept = 0;
    [[nodiscard]] virtual int channels() const noexcept = 0;
    [[nodiscard]] virtual std::string name() const = 0;

    /// Frames that the packet becomes after the one asked about before; the first of a Vorbis stream becomes none.
    virtual std::int64_t duration(ogg_packet& packet) = 0;
    /// The first packet after restart() becomes nothing: it only prepares for the second.
    [[nodiscard]] virtual bool primes() const noexcept = 0;
    /// Frames that the encoder put before the music.
    [[nodiscard]] virtual std::int64_t delay() const noexcept { return 0; }
    /// Frames that must be decoded before a place for it to come out right.
    [[nodiscard]] virtual std::int64_t preroll() const noexcept { return 0; }

    /// The next packet is decoded without what came before.
    virtual void restart() = 0;
    /// Appends interleaved frames in the order of WAV's channels: as many as duration() said.
    virtual void decode(ogg_packet& packet, std::vector<float>& interleaved) = 0;
    /// Gives back what only decoding needs.
    virtual void rest() = 0;
};

/// @param packet  the first of a logical stream. @returns null when it is neither Vorbis nor Opus
[[nodiscard]] std::unique_ptr<OggCodec> make_ogg_codec(ogg_packet& packet);

}  // namespace crowdjack
