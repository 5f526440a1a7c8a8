// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/protocol/deck_messages.hpp"

#include "common/protocol/description.hpp"

#include <utility>

namespace crowdjack::protocol {

namespace {

constexpr std::int64_t last_slot = 15;

}  // namespace

OscMessage DeckCue::write() const {
    OscMessage message{at::deck_cue};
    message.text(path);
    if (seconds || track_bpm) {
        message.precise(seconds.value_or(0.0));
    }
    if (track_bpm) {
        message.precise(*track_bpm);
    }
    return message;
}

DeckCue DeckCue::read(const OscArguments& arguments) {
    return {std::string{arguments.text(0, "path")}, arguments.optional_number(1, "seconds"),
            arguments.optional_number(2, "track_bpm")};
}

OscMessage DeckStart::write() const {
    OscMessage message{at::deck_start};
    if (frame || seconds || on_beat) {
        frame ? message.frame(*frame) : message.nil();
    }
    if (seconds || on_beat) {
        seconds ? message.precise(*seconds) : message.nil();
    }
    if (on_beat) {
        message.flag(true);
    }
    return message;
}

OscMessage DeckStop::write() const {
    OscMessage message{at::deck_stop};
    if (frame) {
        message.frame(*frame);
    }
    return message;
}

OscMessage StemLoad::write() const {
    OscMessage message{at::deck_stem_load};
    message.integer(slot).text(path);
    if (!name.empty()) {
        message.text(name);
    }
    return message;
}

StemLoad StemLoad::read(const OscArguments& arguments) {
    return {static_cast<std::int32_t>(arguments.integer(0, "slot", 0, last_slot)),
            std::string{arguments.text(1, "path")},
            arguments.size() > 2 ? std::string{arguments.text(2, "name")} : std::string{}};
}

OscMessage StemPlay::write() const {
    return std::move(OscMessage{at::deck_stem_play}
                         .integer(slot)
                         .real(static_cast<float>(rate))
                         .real(static_cast<float>(gain))
                         .integer(loop ? 1 : 0)
                         .real(static_cast<float>(start_fraction)));
}

StemPlay StemPlay::read(const OscArguments& arguments) {
    return {static_cast<std::int32_t>(arguments.integer(0, "slot", 0, last_slot)),
            arguments.optional_number(1, "rate").value_or(1.0), arguments.optional_number(2, "gain").value_or(1.0),
            arguments.is_flag(3) && arguments.flag(3, "loop"),
            arguments.optional_number(4, "start_fraction").value_or(0.0)};
}

OscMessage DeckStateMessage::write() const {
    return std::move(OscMessage{at::deck_state}
                         .text(state)
                         .text(path)
                         .integer(static_cast<std::int32_t>(frame))
                         .precise(position_s)
                         .precise(length_s)
                         .precise(rate)
                         .precise(track_bpm)
                         .text(stretch));
}

DeckStateMessage DeckStateMessage::read(const OscArguments& arguments) {
    return {
        std::string{arguments.text(0, "state")}, std::string{arguments.text(1, "path")},   arguments.frame(2, "frame"),
        arguments.number(3, "position_s"),       arguments.number(4, "length_s"),          arguments.number(5, "rate"),
        arguments.number(6, "track_bpm"),        std::string{arguments.text(7, "stretch")}};
}

}  // namespace crowdjack::protocol
