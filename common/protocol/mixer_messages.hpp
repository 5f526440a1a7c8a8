// SPDX-License-Identifier: GPL-3.0-or-later
// What is said to the mixer, and what it tells of itself. Each message writes itself and reads itself; reading throws
// OscError{bad_arguments}.
#pragma once

#include "common/osc_message.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack::protocol {

/// `/mixer/gain`, and `/mixer/trim` likewise.
struct MixerGain {
    std::string strip;
    float linear{1.0F};
    std::optional<double> ramp_s{};
    std::optional<JackFrame> frame{};

    /// @param address  at::mixer_gain or at::mixer_trim
    [[nodiscard]] OscMessage write(const char* address) const;
};

/// `/mixer/fade`
struct MixerFade {
    std::string strip;
    float to{};
    double seconds{};
    std::optional<JackFrame> frame{};

    [[nodiscard]] OscMessage write() const;
};

/// `/mixer/eq` in percent, `/mixer/filter` in linear gain.
struct MixerBand {
    std::string strip, band;
    float value{};
    std::optional<double> ramp_s{};
    std::optional<JackFrame> frame{};

    /// @param address  at::mixer_eq or at::mixer_filter
    [[nodiscard]] OscMessage write(const char* address) const;
};

/// `/mixer/eq_all`
struct MixerBands {
    std::string strip;
    std::array<float, 3> percent{50.0F, 50.0F, 50.0F};  ///< low, mid, high

    [[nodiscard]] OscMessage write() const;
};

/// `/mixer/nowplaying`: what listeners are told.
struct MixerNowPlaying {
    std::string deck, artist, title;
    std::optional<JackFrame> frame{};  ///< at which it began

    [[nodiscard]] OscMessage write() const;
};

/// `/mixer/meters`: asked for, and told.
struct MixerMeters {
    struct Channel {
        std::string name;
        std::array<double, 2> peak_db{-120.0, -120.0}, rms_db{-120.0, -120.0};
        std::int64_t clips{};
    };
    std::vector<Channel> channels;  ///< strips, then master
    double lufs{-120.0};

    [[nodiscard]] OscMessage write() const;
    [[nodiscard]] static MixerMeters read(const OscArguments& arguments);
};

/// `/mixer/tap`
struct MixerTap {
    struct Reader {
        std::string name, state;
        double written{}, lost{}, dropouts{}, lag{};  ///< frames, frames, times, frames
    };
    std::vector<Reader> readers;

    [[nodiscard]] OscMessage write() const;
    [[nodiscard]] static MixerTap read(const OscArguments& arguments);
};

}  // namespace crowdjack::protocol
