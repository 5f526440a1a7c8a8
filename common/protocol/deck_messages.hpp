// SPDX-License-Identifier: GPL-3.0-or-later
// What is said to a deck, and what it tells of itself. Each message writes itself and reads itself; reading throws
// OscError{bad_arguments}.
#pragma once

#include "common/osc_message.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace crowdjack::protocol {

/// `/deck/cue`
struct DeckCue {
    std::string path;
    std::optional<double> seconds{}, track_bpm{};

    [[nodiscard]] OscMessage write() const;
    [[nodiscard]] static DeckCue read(const OscArguments& arguments);
};

/// `/deck/start`
struct DeckStart {
    std::optional<JackFrame> frame{};
    std::optional<double> seconds{};
    bool on_beat{false};  ///< where the track has a grid

    [[nodiscard]] OscMessage write() const;
};

/// `/deck/stop`
struct DeckStop {
    std::optional<JackFrame> frame{};

    [[nodiscard]] OscMessage write() const;
};

/// `/deck/stem/load`
struct StemLoad {
    std::int32_t slot{};
    std::string path, name{};

    [[nodiscard]] OscMessage write() const;
    [[nodiscard]] static StemLoad read(const OscArguments& arguments);
};

/// `/deck/stem/play`
struct StemPlay {
    std::int32_t slot{};
    double rate{1.0}, gain{1.0};
    bool loop{false};
    double start_fraction{0.0};

    [[nodiscard]] OscMessage write() const;
    [[nodiscard]] static StemPlay read(const OscArguments& arguments);
};

/// `/deck/state`: asked for, and told.
struct DeckStateMessage {
    std::string state;  ///< empty cued waiting playing stopped failed missing
    std::string path;
    WireFrame frame{};  ///< of the last cycle, at which the position holds
    double position_s{}, length_s{}, rate{1.0}, track_bpm{};
    std::string stretch;

    [[nodiscard]] OscMessage write() const;
    [[nodiscard]] static DeckStateMessage read(const OscArguments& arguments);
};

}  // namespace crowdjack::protocol
