// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/pcm_format.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace crowdjack {

namespace {

template <typename Unsigned>
Unsigned load(const std::byte* from, bool big_endian) noexcept {
    Unsigned value{};
    std::memcpy(&value, from, sizeof(value));
    if (big_endian != (std::endian::native == std::endian::big)) {
        if constexpr (sizeof(value) == 2) {
            value = __builtin_bswap16(value);
        } else if constexpr (sizeof(value) == 4) {
            value = __builtin_bswap32(value);
        } else {
            value = __builtin_bswap64(value);
        }
    }
    return value;
}

std::int32_t load24(const std::byte* from, bool big_endian) noexcept {
    const auto byte = [from](int i) { return static_cast<std::uint32_t>(from[i]); };
    const std::uint32_t top =
        big_endian ? byte(0) << 24U | byte(1) << 16U | byte(2) << 8U : byte(2) << 24U | byte(1) << 16U | byte(0) << 8U;
    return static_cast<std::int32_t>(top) / 256;
}

struct Unsigned8 {
    static constexpr std::size_t size = 1;
    static float read(const std::byte* at, bool /*big_endian*/) noexcept {
        return static_cast<float>(static_cast<int>(*at) - 128) / 128.0F;
    }
};
struct Signed8 {
    static constexpr std::size_t size = 1;
    static float read(const std::byte* at, bool /*big_endian*/) noexcept {
        return static_cast<float>(static_cast<std::int8_t>(*at)) / 128.0F;
    }
};
struct Signed16 {
    static constexpr std::size_t size = 2;
    static float read(const std::byte* at, bool big_endian) noexcept {
        return static_cast<float>(static_cast<std::int16_t>(load<std::uint16_t>(at, big_endian))) / 0x1p15F;
    }
};
struct Signed24 {
    static constexpr std::size_t size = 3;
    static float read(const std::byte* at, bool big_endian) noexcept {
        return static_cast<float>(load24(at, big_endian)) / 0x1p23F;
    }
};
struct Signed32 {
    static constexpr std::size_t size = 4;
    static float read(const std::byte* at, bool big_endian) noexcept {
        return static_cast<float>(static_cast<std::int32_t>(load<std::uint32_t>(at, big_endian))) / 0x1p31F;
    }
};
struct Float32 {
    static constexpr std::size_t size = 4;
    static float read(const std::byte* at, bool big_endian) noexcept {
        return std::bit_cast<float>(load<std::uint32_t>(at, big_endian));
    }
};
struct Float64 {
    static constexpr std::size_t size = 8;
    static float read(const std::byte* at, bool big_endian) noexcept {
        const auto value = std::bit_cast<double>(load<std::uint64_t>(at, big_endian));
        return std::abs(value) < 1e30 ? static_cast<float>(value) : 0.0F;  // also what a float can't hold, and NaN
    }
};

struct Run {
    const std::byte* first;
    std::size_t stride;
    std::uint32_t channels;
    bool big_endian;
};

template <typename Code>
[[gnu::always_inline]] inline void convert_run(const Run& run, float* __restrict left, float* __restrict right,
                                               std::size_t count) noexcept {
    const std::byte* at = run.first;
    for (std::size_t i = 0; i < count; ++i, at += run.stride) {
        left[i] = Code::read(at, run.big_endian);
        right[i] = run.channels > 1 ? Code::read(at + Code::size, run.big_endian) : left[i];
    }
}

template <typename Code>
void convert(const Run& run, std::span<float> left, std::span<float> right) noexcept {
    if (run.channels == 2 && !run.big_endian) {  // nearly every file: a layout that is known is vectorised
        convert_run<Code>({run.first, 2 * Code::size, 2, false}, left.data(), right.data(), left.size());
    } else {
        convert_run<Code>(run, left.data(), right.data(), left.size());
    }
}

void convert(SampleCode code, const Run& run, std::span<float> left, std::span<float> right) noexcept {
    switch (code) {
    case SampleCode::unsigned8:
        return convert<Unsigned8>(run, left, right);
    case SampleCode::signed8:
        return convert<Signed8>(run, left, right);
    case SampleCode::signed16:
        return convert<Signed16>(run, left, right);
    case SampleCode::signed24:
        return convert<Signed24>(run, left, right);
    case SampleCode::signed32:
        return convert<Signed32>(run, left, right);
    case SampleCode::float32:
        return convert<Float32>(run, left, right);
    case SampleCode::float64:
        return convert<Float64>(run, left, right);
    }
}

}  // namespace

std::size_t PcmLayout::sample_bytes() const noexcept {
    switch (code) {
    case SampleCode::unsigned8:
    case SampleCode::signed8:
        return 1;
    case SampleCode::signed16:
        return 2;
    case SampleCode::signed24:
        return 3;
    case SampleCode::signed32:
    case SampleCode::float32:
        return 4;
    case SampleCode::float64:
        return 8;
    }
    return 1;
}

std::size_t convert_frames(const PcmLayout& layout, std::span<const std::byte> bytes, std::int64_t first,
                           std::span<float> left, std::span<float> right) noexcept {
    const std::size_t stride = layout.frame_bytes();
    const auto in_file =
        static_cast<std::int64_t>(bytes.size() > layout.offset ? (bytes.size() - layout.offset) / stride : 0);
    const std::int64_t end = std::min({first + static_cast<std::int64_t>(left.size()), layout.frames, in_file});
    const std::int64_t begin = std::max<std::int64_t>(first, 0);
    const auto lead =
        static_cast<std::size_t>(std::clamp<std::int64_t>(begin - first, 0, static_cast<std::int64_t>(left.size())));
    const auto count = static_cast<std::size_t>(std::max<std::int64_t>(end - begin, 0));
    for (const auto& channel : {left, right}) {
        const std::size_t begins = std::min(lead, channel.size());
        std::fill_n(channel.begin(), begins, 0.0F);
        std::fill(channel.begin() + static_cast<std::ptrdiff_t>(begins + count), channel.end(), 0.0F);
    }
    if (count > 0) {
        const std::byte* const at = bytes.data() + layout.offset + static_cast<std::size_t>(begin) * stride;
        convert(layout.code, {at, stride, layout.channels, layout.big_endian}, left.subspan(lead, count),
                right.subspan(lead, count));
    }
    return count;
}

std::size_t clean(std::span<float> samples) noexcept {
    std::size_t replaced = 0;
    for (float& sample : samples) {
        if (!(std::abs(sample) <= 64.0F)) {  // false for NaN, too
            sample = 0.0F;
            ++replaced;
        }
    }
    return replaced;
}

}  // namespace crowdjack
