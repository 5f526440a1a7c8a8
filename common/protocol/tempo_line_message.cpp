// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/protocol/tempo_line_message.hpp"

#include "common/protocol/description.hpp"

#include <limits>

namespace crowdjack::protocol {

TempoLineMessage TempoLineMessage::of(std::int32_t serial, const TempoLine& line) {
    return {serial, wire_frame(line.from()), line.start_beat(), line.from_bpm(), wire_frame(line.to()), line.to_bpm()};
}

OscMessage TempoLineMessage::write() const {
    return std::move(OscMessage{at::tempo_line}
                         .integer(serial)
                         .integer(static_cast<std::int32_t>(from))
                         .precise(beat.value)
                         .precise(bpm.value)
                         .integer(static_cast<std::int32_t>(to))
                         .precise(to_bpm.value));
}

TempoLineMessage TempoLineMessage::read(const OscArguments& arguments) {
    const Description& described = *description_of(at::tempo_line);
    arguments.expect(described.argument_count, described.argument_count, described.usage());
    const auto number = [&](std::size_t i) {
        const Argument& argument = described.arguments()[i];
        return arguments.number(i, argument.name, argument.low, argument.high);
    };
    using Serial = std::numeric_limits<std::int32_t>;
    return {static_cast<std::int32_t>(arguments.integer(0, "serial", Serial::min(), Serial::max())),
            arguments.frame(1, "f0"),
            Beats{number(2)},
            Bpm{number(3)},
            arguments.frame(4, "f1"),
            Bpm{number(5)}};
}

TempoLine TempoLineMessage::line(JackFrame now, double rate) const { return line_from(unwrap(from, now), rate); }

TempoLine TempoLineMessage::line_from(JackFrame begin, double rate) const {
    return {begin, beat, bpm, unwrap(to, begin), to_bpm, rate};
}

}  // namespace crowdjack::protocol
