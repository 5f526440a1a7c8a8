// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/levels.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace crowdjack {

namespace {

/// |x| as the integer whose order is the same: NaN and infinities come out on top.
std::int32_t magnitude_bits(float sample) noexcept { return std::bit_cast<std::int32_t>(sample) & 0x7FFFFFFF; }

std::int32_t largest_bits(std::span<const float> samples) noexcept {
    std::int32_t largest = 0;
    for (const float sample : samples) {
        largest = std::max(largest, magnitude_bits(sample));
    }
    return largest;
}

}  // namespace

CROWDJACK_REALTIME float peak_of(std::span<const float> samples) noexcept {
    return std::bit_cast<float>(largest_bits(samples));
}

CROWDJACK_REALTIME bool is_silent(std::span<const float> samples) noexcept {
    // The first sample settles it for anything that plays; only silence is read to its end.
    return samples.empty() || (magnitude_bits(samples.front()) == 0 && largest_bits(samples) == 0);
}

CROWDJACK_REALTIME std::size_t copy_clean(std::span<const float> from, std::span<float> to) noexcept {
    constexpr std::int32_t limit = std::bit_cast<std::int32_t>(absurd_level);
    std::int32_t largest = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
        to[i] = from[i];
        largest = std::max(largest, magnitude_bits(from[i]));
    }
    if (largest <= limit) {
        return 0;
    }
    std::size_t replaced = 0;
    for (float& sample : to.first(from.size())) {
        if (magnitude_bits(sample) > limit) {
            sample = 0.0F;
            ++replaced;
        }
    }
    return replaced;
}

CROWDJACK_REALTIME void Levels::add(std::span<const float> samples) noexcept {
    constexpr std::size_t lanes = 8;  // independent sums: the order of a single one would forbid vectors
    std::array<float, lanes> sums{};
    std::size_t i = 0;
    for (; i + lanes <= samples.size(); i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            sums[lane] += samples[i + lane] * samples[i + lane];
        }
    }
    for (; i < samples.size(); ++i) {
        sums[0] += samples[i] * samples[i];
    }
    for (const float sum : sums) {
        sum_of_squares += sum;
    }
    const float block_peak = peak_of(samples);
    if (block_peak > 1.0F) {
        clipped += static_cast<std::uint32_t>(
            std::count_if(samples.begin(), samples.end(), [](float x) { return x > 1.0F || x < -1.0F; }));
    }
    peak = std::max(peak, block_peak);
    frames += static_cast<std::uint32_t>(samples.size());
}

}  // namespace crowdjack
