// SPDX-License-Identifier: GPL-3.0-or-later
// A type per quantity, so that adding a position to a position, or beats to seconds, does not compile.
#pragma once

#include <cmath>
#include <compare>
#include <cstdint>

namespace crowdjack {

/// A number of sample frames: a length or a distance, never a place.
struct Frames {
    std::int64_t value{};
    friend constexpr auto operator<=>(Frames, Frames) = default;
    friend constexpr Frames operator+(Frames a, Frames b) noexcept { return {a.value + b.value}; }
    friend constexpr Frames operator-(Frames a, Frames b) noexcept { return {a.value - b.value}; }
};

/// A JACK frame unwrapped to 64 bits: a place on the server's clock. Only differences carry meaning.
struct JackFrame {
    std::int64_t value{};
    friend constexpr auto operator<=>(JackFrame, JackFrame) = default;
    friend constexpr Frames operator-(JackFrame a, JackFrame b) noexcept { return {a.value - b.value}; }
    friend constexpr JackFrame operator+(JackFrame a, Frames b) noexcept { return {a.value + b.value}; }
    friend constexpr JackFrame operator-(JackFrame a, Frames b) noexcept { return {a.value - b.value}; }
};

/// The low 32 bits of a JACK frame, as JACK and the wire carry it; wraps after 24.8 h at 48 kHz.
using WireFrame = std::uint32_t;

/// The 64-bit frame nearest to `near` whose low 32 bits are `wire` (half a wrap, 12 h at 48 kHz, either way).
[[nodiscard]] constexpr JackFrame unwrap(WireFrame wire, JackFrame near) noexcept {
    const auto ahead = static_cast<std::int32_t>(wire - static_cast<WireFrame>(near.value));
    return {near.value + ahead};
}

[[nodiscard]] constexpr WireFrame wire_frame(JackFrame frame) noexcept { return static_cast<WireFrame>(frame.value); }

struct Seconds {
    double value{};
    friend constexpr auto operator<=>(Seconds, Seconds) = default;
};

/// Beats per minute, > 0.
struct Bpm {
    double value{};
    friend constexpr auto operator<=>(Bpm, Bpm) = default;
};

/// Musical time in beats; 0 is wherever the follower began counting.
struct Beats {
    double value{};
    friend constexpr auto operator<=>(Beats, Beats) = default;
    friend constexpr Beats operator+(Beats a, Beats b) noexcept { return {a.value + b.value}; }
    friend constexpr Beats operator-(Beats a, Beats b) noexcept { return {a.value - b.value}; }
};

/// A linear amplitude factor; 1 is unity.
struct Gain {
    float value{1.0F};
    friend constexpr auto operator<=>(Gain, Gain) = default;
};

struct Decibels {
    double value{};
    friend constexpr auto operator<=>(Decibels, Decibels) = default;
};

/// Nearest whole frame of a duration at `rate` Hz.
[[nodiscard]] inline Frames to_frames(Seconds seconds, double rate) noexcept {
    return {static_cast<std::int64_t>(std::llround(seconds.value * rate))};
}

[[nodiscard]] constexpr Seconds to_seconds(Frames frames, double rate) noexcept {
    return {static_cast<double>(frames.value) / rate};
}

[[nodiscard]] inline Gain to_gain(Decibels decibels) noexcept {
    return {static_cast<float>(std::pow(10.0, decibels.value / 20.0))};
}

/// -inf for silence.
[[nodiscard]] inline Decibels to_decibels(double amplitude) noexcept { return {20.0 * std::log10(amplitude)}; }

}  // namespace crowdjack
