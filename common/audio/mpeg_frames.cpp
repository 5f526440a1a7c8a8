// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/mpeg_frames.hpp"

#include "common/audio/bytes.hpp"
#include "common/audio/mapped_file.hpp"
#include "common/audio/tag_bounds.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace crowdjack {

namespace {

constexpr std::size_t header_bytes = 4;
constexpr std::size_t searched_for_first = std::size_t{1} << 20U;
constexpr std::int64_t decoder_delay = 529;  // of a Layer III synthesis, beside what the encoder adds

unsigned kilobits(bool first_version, int layer, unsigned index) {
    constexpr std::array<std::array<unsigned, 15>, 5> bitrates{
        {{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
         {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
         {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
         {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
         {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}}};
    const std::size_t row = first_version ? static_cast<std::size_t>(layer - 1) : layer == 1 ? 3 : 4;
    return bitrates.at(row).at(index);
}

/// Two headers differ in nothing but the checksum, the bit rate and how two channels are joined.
bool are_alike(std::span<const std::byte> bytes, std::size_t a, std::size_t b) {
    constexpr std::uint32_t fixed = 0xFFFE'0CCFU;
    return ((big_endian<std::uint32_t>(bytes, a, header_bytes) ^ big_endian<std::uint32_t>(bytes, b, header_bytes)) &
            fixed) == 0;
}

/// Where two headers of one kind (of any, when it is 0) follow each other, from `from` on.
std::optional<std::size_t> first_pair(std::span<const std::byte> bytes, std::size_t from, std::size_t end,
                                      unsigned kind) {
    for (std::size_t at = from; at < end; ++at) {
        const void* const sync = std::memchr(bytes.data() + at, 0xFF, end - at);
        if (sync == nullptr) {
            return std::nullopt;
        }
        at = static_cast<std::size_t>(static_cast<const std::byte*>(sync) - bytes.data());
        if (const auto header = mpeg_header_at(bytes, at); header && (kind == 0 || header->kind == kind)) {
            const auto next = mpeg_header_at(bytes, at + header->bytes);
            if (next && are_alike(bytes, at, at + header->bytes)) {
                return at;
            }
        }
    }
    return std::nullopt;
}

/// One frame follows the other, often enough for no other data to look like it, or to the end.
bool is_run(std::span<const std::byte> bytes, std::size_t at, unsigned kind) {
    constexpr int enough = 6;
    for (int i = 0; i < enough; ++i) {
        const auto header = mpeg_header_at(bytes, at);
        if (!header || header->kind != kind) {
            return i > 1 && at + header_bytes > bytes.size();
        }
        at += header->bytes;
    }
    return true;
}

/// Where the stream begins: at the first two matching headers of the kind that its frames have.
std::optional<std::size_t> first_frame(std::span<const std::byte> bytes, std::size_t from) {
    const std::size_t end = std::min(bytes.size(), from + searched_for_first);
    const auto at_once = mpeg_header_at(bytes, from);
    const auto second = at_once ? mpeg_header_at(bytes, from + at_once->bytes) : std::nullopt;
    if (second && are_alike(bytes, from, from + at_once->bytes)) {
        return from;
    }
    auto pair = first_pair(bytes, from, end, 0);
    while (pair) {
        const unsigned kind = mpeg_header_at(bytes, *pair)->kind;
        if (is_run(bytes, *pair, kind)) {
            return first_pair(bytes, from, end, kind);
        }
        pair = first_pair(bytes, *pair + 1, end, 0);
    }
    return std::nullopt;
}

/// What a Xing, Info or VBRI frame tells; it is no music itself.
struct InfoFrame {
    std::uint32_t frames{};  ///< 0: it does not say
    bool knows_delay{};
    std::int64_t delay{}, padding{};
};

/// Xing's header and LAME's extension of it (gabriel.mp3-tech.org/mp3infotag.html).
std::optional<InfoFrame> info_frame_at(std::span<const std::byte> bytes, std::size_t place, const MpegHeader& header) {
    constexpr std::size_t vbri_at = 36;
    constexpr std::size_t delay_after_encoder = 21;
    const auto frame = bytes.subspan(place, std::min(header.bytes, bytes.size() - place));
    if (begins_with(frame, vbri_at, "VBRI") && frame.size() >= vbri_at + 18) {
        return InfoFrame{big_endian<std::uint32_t>(frame, vbri_at + 14, 4), false, 0, 0};
    }
    std::size_t at = header_bytes + header.side_information;
    if (header.layer != 3 || !(begins_with(frame, at, "Xing") || begins_with(frame, at, "Info"))) {
        return std::nullopt;
    }
    InfoFrame info;
    at += 4;
    if (frame.size() < at + 4) {
        return info;
    }
    const std::uint32_t flags = big_endian<std::uint32_t>(frame, at, 4);
    at += 4;
    if ((flags & 1U) != 0 && frame.size() >= at + 4) {
        info.frames = big_endian<std::uint32_t>(frame, at, 4);
    }
    at += ((flags & 1U) != 0 ? 4U : 0U) + ((flags & 2U) != 0 ? 4U : 0U) + ((flags & 4U) != 0 ? 100U : 0U) +
          ((flags & 8U) != 0 ? 4U : 0U);
    const bool by_lame =
        begins_with(frame, at, "LAME") || begins_with(frame, at, "Lavf") || begins_with(frame, at, "Lavc");
    if (by_lame && frame.size() >= at + delay_after_encoder + 3) {
        const std::uint32_t both = big_endian<std::uint32_t>(frame, at + delay_after_encoder, 3);
        info.knows_delay = true;
        info.delay = both >> 12U;
        info.padding = both & 0xFFFU;
    }
    return info;
}

/// Believes in the delay; in the padding only where the stream ends as counted.
void apply(const InfoFrame& info, MpegStream& stream) {
    const std::int64_t counted = static_cast<std::int64_t>(info.frames) * stream.first.samples;
    stream.skip = info.knows_delay ? info.delay + decoder_delay : 0;
    const std::int64_t padding = info.knows_delay ? std::max<std::int64_t>(0, info.padding - decoder_delay) : 0;
    stream.claimed = std::max<std::int64_t>(0, counted - padding - stream.skip);
    if (info.frames == stream.frames) {
        stream.padding = padding;
    }
}

}  // namespace

std::optional<MpegHeader> mpeg_header_at(std::span<const std::byte> bytes, std::size_t at) {
    constexpr std::array<int, 3> rates{44100, 48000, 32000};
    if (bytes.size() < header_bytes || at > bytes.size() - header_bytes) {
        return std::nullopt;
    }
    const unsigned version = octet(bytes, at + 1) >> 3U & 3U;
    const unsigned layer = octet(bytes, at + 1) >> 1U & 3U;
    const unsigned bit_rate = octet(bytes, at + 2) >> 4U;
    const unsigned rate = octet(bytes, at + 2) >> 2U & 3U;
    const bool synced = octet(bytes, at) == 0xFF && (octet(bytes, at + 1) & 0xE0U) == 0xE0U;
    if (!synced || version == 1 || layer == 0 || bit_rate == 0 || bit_rate == 15 || rate == 3) {
        return std::nullopt;
    }
    const bool first_version = version == 3;
    const bool mono = octet(bytes, at + 3) >> 6U == 3;
    const unsigned padding = octet(bytes, at + 2) >> 1U & 1U;
    MpegHeader header;
    header.layer = static_cast<int>(4 - layer);
    header.rate = rates.at(rate) >> (first_version ? 0U : version == 2 ? 1U : 2U);
    header.channels = mono ? 1 : 2;
    header.kind = version << 8U | layer << 4U | rate;
    const unsigned bits = kilobits(first_version, header.layer, bit_rate) * 1000;
    const auto hertz = static_cast<unsigned>(header.rate);
    const bool halved = header.layer == 3 && !first_version;
    header.bytes = header.layer == 1 ? (12 * bits / hertz + padding) * 4 : (halved ? 72 : 144) * bits / hertz + padding;
    header.samples = header.layer == 1 ? 384 : halved ? 576 : 1152;
    header.side_information = first_version ? (mono ? 17 : 32) : (mono ? 9 : 17);
    return header;
}

std::optional<MpegHeader> MpegWalk::header(std::size_t at) const {
    const auto found = mpeg_header_at(bytes_, at);
    return found && found->kind == kind_ ? found : std::nullopt;
}

std::optional<MpegWalk::Frame> MpegWalk::next() {
    auto found = header(at_);
    if (!found || at_ + found->bytes > bytes_.size()) {
        if (!resync()) {
            return std::nullopt;
        }
        found = header(at_);
    }
    const Frame frame{at_, found->bytes};
    at_ += found->bytes;
    return frame;
}

bool MpegWalk::resync() {
    if (const std::size_t tag = tag_length(bytes_, std::min(at_, bytes_.size())); tag > 0) {
        at_ += tag - 1;  // a picture may look like anything
    }
    while (++at_ < bytes_.size()) {
        const void* const sync = std::memchr(bytes_.data() + at_, 0xFF, bytes_.size() - at_);
        if (sync == nullptr) {
            return false;
        }
        at_ = static_cast<std::size_t>(static_cast<const std::byte*>(sync) - bytes_.data());
        const auto found = header(at_);
        if (found && (header(at_ + found->bytes) || at_ + found->bytes == bytes_.size())) {
            return true;
        }
    }
    return false;
}

std::optional<MpegStream> find_mpeg_stream(std::span<const std::byte> bytes, std::size_t from) {
    // Only where it must be. Elsewhere it may be another stream's, and is a frame of silence as any other.
    const auto leading = from == end_of_id3_tags(bytes) ? mpeg_header_at(bytes, from) : std::nullopt;
    const auto info = leading ? info_frame_at(bytes, from, *leading) : std::nullopt;
    auto begin = info ? std::optional{from} : first_frame(bytes, from);
    if (!begin && from > 0) {
        begin = first_frame(bytes, 0);  // the tag's length may be wrong
    }
    if (!begin) {
        return std::nullopt;
    }
    MpegStream stream;
    stream.first = *mpeg_header_at(bytes, *begin);
    MpegWalk walk{bytes, stream.first.kind, *begin};
    auto frame = walk.next();
    if (info) {
        frame = walk.next();
    }
    LeavesBehind behind{bytes};
    for (; frame; frame = walk.next()) {
        behind.passed(frame->at);
        if (stream.frames % MpegStream::stride == 0) {
            stream.places.push_back(frame->at);
        }
        ++stream.frames;
    }
    if (info) {
        apply(*info, stream);
    }
    return stream.frames > 0 ? std::optional{std::move(stream)} : std::nullopt;
}

}  // namespace crowdjack
