// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/container_claims.hpp"

#include "common/audio/tag_bounds.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace crowdjack {

namespace {

constexpr std::uint64_t of_a_pipe = 0x7FFF'0000U;  // what writers put where they can't know: this or above

std::uint64_t number(std::span<const std::byte> bytes, std::size_t at, std::size_t size, bool big_endian) {
    if (bytes.size() < size || at > bytes.size() - size) {
        return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
        value = value << 8U | std::to_integer<std::uint64_t>(bytes[at + (big_endian ? i : size - 1 - i)]);
    }
    return value;
}

/// Where chunks begin, how they say their size, and to how many bytes they are filled up.
struct Chunks {
    std::size_t first;
    bool big_endian;
    std::size_t size_bytes;
    std::size_t even;
};

/// The byte after the head of the chunk called `name`.
std::optional<std::size_t> find_chunk(std::span<const std::byte> bytes, const Chunks& chunks, std::string_view name) {
    const std::size_t head = 4 + chunks.size_bytes;
    for (std::size_t at = chunks.first; at + head <= bytes.size();) {
        if (begins_with(bytes, at, name)) {
            return at + head;
        }
        const std::uint64_t size = number(bytes, at + 4, chunks.size_bytes, chunks.big_endian);
        if (size > bytes.size() - at) {
            return std::nullopt;
        }
        at += head + static_cast<std::size_t>(size + size % chunks.even);
    }
    return std::nullopt;
}

std::int64_t wav_frames(std::span<const std::byte> bytes) {
    const bool big_endian = begins_with(bytes, 0, "RIFX");
    const Chunks chunks{12, big_endian, 4, 2};
    const auto form = find_chunk(bytes, chunks, "fmt ");
    const auto data = find_chunk(bytes, chunks, "data");
    const std::uint64_t align = form ? number(bytes, *form + 12, 2, big_endian) : 0;
    if (!data || align == 0) {
        return 0;
    }
    std::uint64_t size = number(bytes, *data - 4, 4, big_endian);
    if (const auto wide = find_chunk(bytes, chunks, "ds64"); wide && begins_with(bytes, 0, "RF64")) {
        size = number(bytes, *wide + 8, 8, false);
    } else if (size >= of_a_pipe) {
        size = 0;
    }
    return static_cast<std::int64_t>(size / align);
}

std::int64_t aiff_frames(std::span<const std::byte> bytes) {
    const auto common = find_chunk(bytes, {12, true, 4, 2}, "COMM");
    return common ? static_cast<std::int64_t>(number(bytes, *common + 2, 4, true)) : 0;
}

std::int64_t au_frames(std::span<const std::byte> bytes) {
    constexpr std::array<std::uint64_t, 8> widths{0, 1, 1, 2, 3, 4, 4, 8};  // mu-law, 8, 16, 24, 32 bit, float, double
    const std::uint64_t size = number(bytes, 8, 4, true);
    const std::uint64_t code = number(bytes, 12, 4, true);
    const std::uint64_t channels = number(bytes, 20, 4, true);
    const std::uint64_t width = code < widths.size() ? widths.at(static_cast<std::size_t>(code)) : 0;
    return size >= of_a_pipe || width * channels == 0 ? 0 : static_cast<std::int64_t>(size / (width * channels));
}

std::int64_t caf_frames(std::span<const std::byte> bytes) {
    constexpr Chunks chunks{8, true, 8, 1};
    const auto description = find_chunk(bytes, chunks, "desc");
    const auto data = find_chunk(bytes, chunks, "data");
    const std::uint64_t packet = description ? number(bytes, *description + 16, 4, true) : 0;
    const std::uint64_t size = data ? number(bytes, *data - 8, 8, true) : 0;
    if (packet == 0 || size < 4 || size > INT64_MAX) {
        return 0;
    }
    return static_cast<std::int64_t>((size - 4) / packet);
}

bool is_letter(std::byte each) { return each >= std::byte{' '} && each <= std::byte{'~'}; }

/// A chunk of a RIFF file that lies wholly in it.
bool is_chunk(std::span<const std::byte> bytes, std::size_t at, bool big_endian) {
    return bytes.size() >= at + 8 && std::ranges::all_of(bytes.subspan(at, 4), is_letter) &&
           number(bytes, at + 4, 4, big_endian) <= bytes.size() - at - 8;
}

std::vector<std::byte> mended_wav_head(std::span<const std::byte> bytes) {
    const bool big_endian = begins_with(bytes, 0, "RIFX");
    if (!(big_endian || begins_with(bytes, 0, "RIFF")) || !begins_with(bytes, 8, "WAVE")) {
        return {};
    }
    std::size_t at = 12;
    while (is_chunk(bytes, at, big_endian) && !begins_with(bytes, at, "data")) {
        const auto size = static_cast<std::size_t>(number(bytes, at + 4, 4, big_endian));
        at += 8 + size + size % 2;
    }
    const std::size_t sound = at + 8;
    const bool open =
        begins_with(bytes, at, "data") && sound < bytes.size() && number(bytes, at + 4, 4, big_endian) == 0;
    if (!open || is_chunk(bytes, sound, big_endian)) {
        return {};
    }
    std::vector<std::byte> head{bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(sound - 4)};
    head.resize(sound, std::byte{0xFF});
    return head;
}

std::vector<std::byte> mended_caf_head(std::span<const std::byte> bytes) {
    const auto data = begins_with(bytes, 0, "caff") ? find_chunk(bytes, {8, true, 8, 1}, "data") : std::nullopt;
    const std::uint64_t there = data ? bytes.size() - *data : 0;
    if (!data || number(bytes, *data - 8, 8, true) <= there) {
        return {};
    }
    std::vector<std::byte> head{bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(*data)};
    for (std::size_t i = 1; i <= 8; ++i) {
        head[head.size() - i] = static_cast<std::byte>(there >> (8 * (i - 1)) & 0xFFU);
    }
    return head;
}

}  // namespace

std::vector<std::byte> mended_head(std::span<const std::byte> bytes) {
    std::vector<std::byte> head = mended_wav_head(bytes);
    return head.empty() ? mended_caf_head(bytes) : head;
}

std::span<const std::byte> mpeg_in_wav(std::span<const std::byte> bytes) {
    constexpr std::uint64_t mpeg = 0x50;
    constexpr std::uint64_t mpeg_layer_three = 0x55;
    constexpr std::uint64_t extensible = 0xFFFE;
    const bool big_endian = begins_with(bytes, 0, "RIFX");
    const Chunks chunks{12, big_endian, 4, 2};
    if (!begins_with(bytes, 8, "WAVE")) {
        return {};
    }
    const auto form = find_chunk(bytes, chunks, "fmt ");
    const auto data = find_chunk(bytes, chunks, "data");
    std::uint64_t code = form ? number(bytes, *form, 2, big_endian) : 0;
    code = code == extensible ? number(bytes, *form + 24, 2, big_endian) : code;
    if (!data || (code != mpeg && code != mpeg_layer_three)) {
        return {};
    }
    const auto size = static_cast<std::size_t>(number(bytes, *data - 4, 4, big_endian));
    return bytes.subspan(*data, size == 0 ? bytes.size() - *data : std::min(size, bytes.size() - *data));
}

std::int64_t claimed_frames(std::span<const std::byte> bytes) {
    if (begins_with(bytes, 0, "FORM")) {
        return aiff_frames(bytes);
    }
    if (begins_with(bytes, 0, ".snd")) {
        return au_frames(bytes);
    }
    if (begins_with(bytes, 0, "caff")) {
        return caf_frames(bytes);
    }
    const bool is_wav =
        begins_with(bytes, 8, "WAVE") &&
        (begins_with(bytes, 0, "RIFF") || begins_with(bytes, 0, "RIFX") || begins_with(bytes, 0, "RF64"));
    return is_wav ? wav_frames(bytes) : 0;
}

}  // namespace crowdjack
