// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/flac_frames.hpp"

#include "common/audio/bytes.hpp"
#include "common/audio/tag_bounds.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace crowdjack {

namespace {

constexpr std::size_t least_frame = 9;
constexpr int most_trials = 1000;  // places in a damaged file at which decoding is tried

/// Eight bytes at a time: table k is the checksum of a byte that k zero bytes follow.
using Crc16Tables = std::array<std::array<std::uint16_t, 256>, 8>;

constexpr Crc16Tables make_crc16() {
    Crc16Tables tables{};
    for (unsigned i = 0; i < 256; ++i) {
        unsigned crc = i << 8U;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 0x8000U) != 0 ? crc << 1U ^ 0x8005U : crc << 1U;
        }
        tables[0][i] = static_cast<std::uint16_t>(crc);
    }
    for (std::size_t k = 1; k < tables.size(); ++k) {
        for (std::size_t i = 0; i < 256; ++i) {
            const unsigned before = tables[k - 1][i];
            tables[k][i] = static_cast<std::uint16_t>((before << 8U & 0xFFFFU) ^ tables[0][before >> 8U]);
        }
    }
    return tables;
}

std::uint16_t crc16(std::uint16_t crc, std::span<const std::byte> bytes) {
    static constexpr Crc16Tables tables = make_crc16();
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) {
        const unsigned first = octet(bytes, at) ^ static_cast<unsigned>(crc >> 8U);
        const unsigned second = octet(bytes, at + 1) ^ (crc & 0xFFU);
        crc = static_cast<std::uint16_t>(tables[7][first] ^ tables[6][second] ^ tables[5][octet(bytes, at + 2)] ^
                                         tables[4][octet(bytes, at + 3)] ^ tables[3][octet(bytes, at + 4)] ^
                                         tables[2][octet(bytes, at + 5)] ^ tables[1][octet(bytes, at + 6)] ^
                                         tables[0][octet(bytes, at + 7)]);
    }
    for (; at < bytes.size(); ++at) {
        crc = static_cast<std::uint16_t>((crc << 8U & 0xFFFFU) ^ tables[0][(crc >> 8U) ^ octet(bytes, at)]);
    }
    return crc;
}

unsigned crc8(std::span<const std::byte> bytes) {
    unsigned crc = 0;
    for (const std::byte each : bytes) {
        crc ^= std::to_integer<unsigned>(each);
        for (int bit = 0; bit < 8; ++bit) {
            crc = ((crc & 0x80U) != 0 ? crc << 1U ^ 0x07U : crc << 1U) & 0xFFU;
        }
    }
    return crc;
}

/// Bytes of the number that follows a header's first four, coded as UTF-8 codes letters; 0: it is none.
std::size_t number_bytes(unsigned first) {
    if (first < 0x80U) {
        return 1;
    }
    std::size_t count = 0;
    for (unsigned bit = 0x80U; bit != 0 && (first & bit) != 0; bit >>= 1U) {
        ++count;
    }
    return count >= 2 && count <= 7 ? count : 0;
}

std::int64_t coded_samples(unsigned code, std::uint64_t extra) {
    if (code == 1) {
        return 192;
    }
    if (code <= 5) {
        return std::int64_t{576} << (code - 2U);
    }
    return code <= 7 ? static_cast<std::int64_t>(extra) + 1 : std::int64_t{256} << (code - 8U);
}

int coded_rate(unsigned code, std::uint64_t extra) {
    constexpr std::array<int, 12> rates{0,     88200, 176400, 192000, 8000,  16000,
                                        22050, 24000, 32000,  44100,  48000, 96000};
    const int value = static_cast<int>(extra);
    return code < rates.size() ? rates.at(code) : code == 12 ? value * 1000 : code == 13 ? value : value * 10;
}

/// Finds the frames one after the other.
class Finder {
public:
    Finder(std::span<const std::byte> bytes, FlacInfo& info, const FlacTrial& trial)
        : bytes_{bytes}, info_{info}, trial_{trial} {}

    std::vector<FlacFrame> all(std::int64_t& samples) {
        std::vector<FlacFrame> frames;
        for (std::size_t at = candidate(info_.audio_begin); at < bytes_.size();) {
            const auto header = *flac_header_at(bytes_, at);
            const std::size_t size = size_at(at, header);
            if (size == 0) {
                at = candidate(at + 1);
                continue;
            }
            learn(header);
            frames.push_back({at, static_cast<std::uint32_t>(size), samples});
            samples += header.samples;
            at = candidate(at + size);
        }
        return frames;
    }

private:
    /// The next place with a header that fits this stream; the end when there is none.
    [[nodiscard]] std::size_t candidate(std::size_t at) const {
        while (at + least_frame <= bytes_.size()) {
            const void* const sync = std::memchr(bytes_.data() + at, 0xFF, bytes_.size() - at);
            if (sync == nullptr) {
                break;
            }
            at = static_cast<std::size_t>(static_cast<const std::byte*>(sync) - bytes_.data());
            if (const auto header = flac_header_at(bytes_, at); header && fits(*header)) {
                return at;
            }
            ++at;
        }
        return bytes_.size();
    }

    [[nodiscard]] bool fits(const FlacHeader& header) const {
        return (info_.rate == 0 || header.rate == 0 || header.rate == info_.rate) &&
               (info_.channels == 0 || header.channels == info_.channels) &&
               (info_.bits == 0 || header.bits == 0 || header.bits == info_.bits);
    }

    void learn(const FlacHeader& header) {
        info_.rate = info_.rate == 0 ? header.rate : info_.rate;
        info_.channels = header.channels;
        info_.bits = info_.bits == 0 ? header.bits : info_.bits;
    }

    /// A frame goes to the next header if the checksum of all of it, its last two bytes included, is 0.
    [[nodiscard]] std::size_t size_at(std::size_t at, const FlacHeader& header) {
        constexpr std::size_t most_sample = 5;  // 33 bits
        const std::size_t most = 128 + static_cast<std::size_t>(header.samples) * header.channels * most_sample;
        const std::size_t end = at + std::min(bytes_.size() - at, most);
        std::uint16_t crc = 0;
        std::size_t from = at;
        for (std::size_t to = at + header.bytes; from < end && looked_at_ < 8 * bytes_.size(); ++to) {
            to = std::min(candidate(to), end);
            crc = crc16(crc, bytes_.subspan(from, to - from));
            looked_at_ += to - from;
            if (crc == 0 && to - at >= least_frame) {
                return to - at;
            }
            from = to;
        }
        return trials_++ < most_trials ? trial_(at) : 0;  // something else may follow it
    }

    std::span<const std::byte> bytes_;
    FlacInfo& info_;
    const FlacTrial& trial_;
    std::size_t looked_at_{0};  ///< bytes; a file made to be looked at again and again is given up
    int trials_{0};
};

}  // namespace

std::optional<FlacInfo> flac_info_at(std::span<const std::byte> bytes, std::size_t at) {
    constexpr std::size_t block_head = 4;
    constexpr std::size_t stream_info = 34;
    if (!begins_with(bytes, at, "fLaC")) {
        return std::nullopt;
    }
    FlacInfo info;
    at += 4;
    for (bool last = false; !last && at + block_head <= bytes.size();) {
        const unsigned head = octet(bytes, at);
        const auto size = static_cast<std::size_t>(big_endian<std::uint64_t>(bytes, at + 1, 3));
        if (head == 0xFF) {
            break;  // a frame already
        }
        if ((head & 0x7FU) == 0 && size >= stream_info && at + block_head + stream_info <= bytes.size()) {
            const std::uint64_t packed = big_endian<std::uint64_t>(bytes, at + block_head + 10, 8);
            info.rate = static_cast<int>(packed >> 44U);
            info.channels = static_cast<std::uint32_t>(packed >> 41U & 7U) + 1;
            info.bits = static_cast<int>(packed >> 36U & 31U) + 1;
            info.claimed = static_cast<std::int64_t>(packed & 0xF'FFFF'FFFFU);
        }
        last = (head & 0x80U) != 0;
        at += block_head + size;
    }
    info.audio_begin = std::min(at, bytes.size());
    return info;
}

std::optional<FlacHeader> flac_header_at(std::span<const std::byte> bytes, std::size_t at) {
    if (bytes.size() < least_frame || at > bytes.size() - least_frame || octet(bytes, at) != 0xFF ||
        (octet(bytes, at + 1) & 0xFEU) != 0xF8U) {
        return std::nullopt;
    }
    const unsigned samples = octet(bytes, at + 2) >> 4U;
    const unsigned rate = octet(bytes, at + 2) & 15U;
    const unsigned channels = octet(bytes, at + 3) >> 4U;
    const unsigned bits = octet(bytes, at + 3) >> 1U & 7U;
    const std::size_t number = number_bytes(octet(bytes, at + 4));
    if (samples == 0 || rate == 15 || channels > 10 || bits == 3 || (octet(bytes, at + 3) & 1U) != 0 || number == 0) {
        return std::nullopt;
    }
    const std::size_t samples_bytes = samples == 6 ? 1 : samples == 7 ? 2 : 0;
    const std::size_t rate_bytes = rate == 12 ? 1 : rate == 13 || rate == 14 ? 2 : 0;
    const std::size_t size = 4 + number + samples_bytes + rate_bytes;
    if (at + size + 1 > bytes.size() || crc8(bytes.subspan(at, size)) != octet(bytes, at + size)) {
        return std::nullopt;
    }
    constexpr std::array<int, 8> depths{0, 8, 12, 0, 16, 20, 24, 32};
    FlacHeader header;
    header.channels = channels < 8 ? channels + 1 : 2;
    header.bits = depths.at(bits);
    header.samples = coded_samples(samples, big_endian<std::uint64_t>(bytes, at + 4 + number, samples_bytes));
    header.rate = coded_rate(rate, big_endian<std::uint64_t>(bytes, at + 4 + number + samples_bytes, rate_bytes));
    header.bytes = size + 1;
    return header;
}

std::vector<FlacFrame> find_flac_frames(std::span<const std::byte> bytes, FlacInfo& info, const FlacTrial& trial,
                                        std::int64_t& samples) {
    return Finder{bytes, info, trial}.all(samples);
}

}  // namespace crowdjack
