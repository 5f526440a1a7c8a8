// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/protocol/tempo_messages.hpp"

#include "common/protocol/addresses.hpp"

#include <limits>
#include <utility>

namespace crowdjack::protocol {

OscMessage TempoStateMessage::write() const {
    return std::move(OscMessage{at::tempo_state}
                         .precise(bpm)
                         .precise(target)
                         .precise(beat)
                         .real(static_cast<float>(movement))
                         .text(mode)
                         .integer(serial));
}

TempoStateMessage TempoStateMessage::read(const OscArguments& arguments) {
    using Serial = std::numeric_limits<std::int32_t>;
    return {arguments.number(0, "bpm"),
            arguments.number(1, "target"),
            arguments.number(2, "beat"),
            arguments.number(3, "movement"),
            std::string{arguments.text(4, "mode")},
            static_cast<std::int32_t>(arguments.integer(5, "serial", Serial::min(), Serial::max()))};
}

}  // namespace crowdjack::protocol
