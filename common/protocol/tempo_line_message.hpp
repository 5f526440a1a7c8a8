// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/osc_message.hpp"
#include "common/tempo_line.hpp"

#include <cstdint>

namespace crowdjack::protocol {

/// `/tempo/line`: the tempo as the follower (or the front door) announces it. Its frames may lie as far back as one
/// likes: a newcomer takes a line that began an hour ago.
struct TempoLineMessage {
    std::int32_t serial{};
    WireFrame from{};
    Beats beat{};
    Bpm bpm{};
    WireFrame to{};
    Bpm to_bpm{};

    [[nodiscard]] static TempoLineMessage of(std::int32_t serial, const TempoLine& line);
    [[nodiscard]] OscMessage write() const;
    /// @throws OscError{bad_arguments}
    [[nodiscard]] static TempoLineMessage read(const OscArguments& arguments);

    /// In the frames of a server where it is `now` and that has `rate`: half a wrap of 32 bits either way (12 h at
    /// 48 kHz).
    [[nodiscard]] TempoLine line(JackFrame now, double rate) const;
    /// The same where the caller unwraps frames himself.
    [[nodiscard]] TempoLine line_from(JackFrame begin, double rate) const;
};

}  // namespace crowdjack::protocol
