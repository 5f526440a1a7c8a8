// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/control/deck_osc.hpp"

#include "common/protocol/deck_messages.hpp"
#include "common/protocol/tempo_line_message.hpp"

#include <string>

namespace crowdjack {

namespace {

Deck::Finished replies(const OscRequest& request) {
    return [to = request.reply_to] { to.done(); };
}

Deck::Placed replies_with_frame(const OscRequest& request) {
    return [to = request.reply_to](JackFrame at) { to.send(to.reply().frame(at)); };
}

Deck::Failed complains(const OscRequest& request) {
    return [to = request.reply_to](OscErrorCode code, const std::string& why) { to.error(code, why); };
}

/// What came fits the address's description: the handlers only pick it up.
bool asks(const OscRequest& request) { return request.description->asks(request.arguments.size()); }

void cue(Deck& deck, const OscRequest& request) {
    if (asks(request)) {
        request.reply_to.send(answer(request).text(deck.cue_path()).precise(deck.cue_seconds()));
        return;
    }
    const auto cue = protocol::DeckCue::read(request.arguments);
    deck.cue(cue.path, cue.seconds.value_or(0.0), cue.track_bpm, replies(request), complains(request));
}

void loop(Deck& deck, const OscRequest& request) {
    const OscArguments& in = request.arguments;
    if (in.empty()) {
        if (const auto region = deck.loop_seconds()) {
            request.reply_to.send(answer(request).precise(region->in).precise(region->out));
        } else {
            request.reply_to.send(answer(request).flag(false));
        }
        return;
    }
    in.expect(1, 2, "d:in d:out, or T|F");
    if (in.size() == 2) {
        const auto limits = request.description->arguments();
        deck.loop(Trajectory::Loop{in.number(0, "in", limits[0].low, limits[0].high),
                                   in.number(1, "out", limits[1].low, limits[1].high)});
    } else if (in.flag(0, "on")) {
        deck.loop_all();
    } else {
        deck.loop(std::nullopt);
    }
    request.reply_to.done();
}

void register_starts(ClientShell& shell, Deck& deck) {
    shell.osc().handle(at::deck_start, [&](const OscRequest& request) {
        const bool on_beat = request.arguments.size() > 2 && request.arguments.flag(2, "on_beat");
        deck.start(shell.frame_argument(request, 0, "frame"), request.arguments.optional_number(1, "seconds"), on_beat,
                   replies_with_frame(request), complains(request));
    });
    shell.osc().handle(at::deck_start_own, [&](const OscRequest& request) {
        const JackFrame frame = shell.frame_near(request.arguments.frame(0, "frame"), "frame");
        deck.start(frame, std::nullopt, false, replies_with_frame(request), complains(request));
    });
    shell.osc().handle(at::deck_start_beat, [&](const OscRequest& request) {
        deck.start_on_beat(request.arguments.number(0, "quantum"), replies_with_frame(request), complains(request));
    });
    shell.osc().handle(at::deck_stop, [&](const OscRequest& request) {
        deck.stop(shell.frame_argument(request, 0, "frame"), replies_with_frame(request), complains(request));
    });
}

/// Handles an address that asks without arguments and sets one number otherwise.
template <typename Ask, typename Set>
void number_parameter(ClientShell& shell, const char* address, Ask ask, Set set) {
    shell.osc().handle(address, [=](const OscRequest& request) {
        if (asks(request)) {
            request.reply_to.send(answer(request).precise(ask()));
            return;
        }
        set(request.arguments.number(0, "value"));
        request.reply_to.done();
    });
}

std::size_t slot_of(const OscRequest& request) {
    return static_cast<std::size_t>(request.arguments.integer(0, "slot", 0, 15));
}

}  // namespace

void register_transport(ClientShell& shell, Deck& deck) {
    shell.osc().handle(at::deck_cue, [&](const OscRequest& request) { cue(deck, request); });
    register_starts(shell, deck);
    shell.osc().handle(at::deck_eject, [&](const OscRequest& request) {
        deck.eject();
        request.reply_to.done();
    });
    shell.osc().handle(at::deck_seek, [&](const OscRequest& request) {
        if (asks(request)) {
            request.reply_to.send(answer(request).precise(deck.position_seconds()));
            return;
        }
        deck.seek(request.arguments.number(0, "seconds"), replies(request), complains(request));
    });
    shell.osc().handle(at::deck_nudge, [&](const OscRequest& request) {
        deck.nudge(request.arguments.number(0, "ms"));
        request.reply_to.done();
    });
    shell.osc().handle(at::deck_loop, [&](const OscRequest& request) { loop(deck, request); });
    shell.osc().handle(at::deck_hotcue, [&](const OscRequest& request) {
        deck.hotcue(static_cast<int>(request.arguments.number(0, "number")),
                    request.arguments.optional_number(1, "seconds"), replies(request), complains(request));
    });
    shell.osc().handle(at::deck_state, [&](const OscRequest& request) { request.reply_to.send(deck.state_message()); });
    shell.osc().handle(at::deck_health,
                       [&](const OscRequest& request) { request.reply_to.send(deck.health_message()); });
    shell.osc().on_subscribe([&](const OscEndpoint& to) { shell.osc().send(to, deck.state_message()); });
}

void register_parameters(ClientShell& shell, Deck& deck) {
    shell.osc().handle(at::deck_gain, [&](const OscRequest& request) {
        if (asks(request)) {
            request.reply_to.send(answer(request).real(static_cast<float>(deck.settings().gain)));
            return;
        }
        deck.gain(request.arguments.number(0, "linear"), request.arguments.optional_number(1, "ramp_s"));
        request.reply_to.done();
    });
    number_parameter(
        shell, at::deck_rate, [&] { return deck.settings().rate; }, [&](double ratio) { deck.rate(ratio); });
    number_parameter(
        shell, at::deck_bpm, [&] { return deck.settings().track_bpm; }, [&](double bpm) { deck.track_bpm(bpm); });
    shell.osc().handle(at::deck_follow, [&](const OscRequest& request) {
        if (asks(request)) {
            request.reply_to.send(answer(request).flag(deck.settings().follow));
            return;
        }
        deck.follow(request.arguments.flag(0, "follow"));
        request.reply_to.done();
    });
    shell.osc().handle(at::deck_stretch, [&](const OscRequest& request) {
        if (asks(request)) {
            request.reply_to.send(answer(request).text(stretch_name(deck.settings().stretch)));
            return;
        }
        deck.stretch(std::string{request.arguments.text(0, "method")});
        request.reply_to.done();
    });
}

void register_stems(ClientShell& shell, Deck& deck) {
    shell.osc().handle(at::deck_stem_load, [&](const OscRequest& request) {
        const std::size_t slot = slot_of(request);
        if (asks(request)) {
            request.reply_to.send(
                protocol::StemLoad{static_cast<std::int32_t>(slot), deck.stem(slot).path, deck.stem(slot).name}
                    .write());
            return;
        }
        const auto load = protocol::StemLoad::read(request.arguments);
        deck.load_stem(slot, load.path, load.name, replies(request), complains(request));
    });
    shell.osc().handle(at::deck_stem_play, [&](const OscRequest& request) {
        const auto play = protocol::StemPlay::read(request.arguments);
        deck.play_stem(slot_of(request), play.rate, play.gain, play.loop, play.start_fraction,
                       replies_with_frame(request), complains(request));
    });
    shell.osc().handle(at::deck_stem_stop, [&](const OscRequest& request) {
        deck.stop_stem(slot_of(request));
        request.reply_to.done();
    });
    shell.osc().handle(at::deck_stem_gain, [&](const OscRequest& request) {
        const std::size_t slot = slot_of(request);
        if (asks(request)) {
            request.reply_to.send(answer(request)
                                      .integer(static_cast<std::int32_t>(slot))
                                      .real(static_cast<float>(deck.stem(slot).gain)));
            return;
        }
        deck.stem_gain(slot, request.arguments.number(1, "gain"));
        request.reply_to.done();
    });
}

void register_tempo(ClientShell& shell, Deck& deck) {
    shell.osc().handle_report(at::tempo_line, [&](const OscRequest& request) {
        if (request.arguments.empty()) {  // a follower asks where the line stood
            for (const NumberedLine& each : deck.lines().lines()) {
                request.reply_to.send(protocol::TempoLineMessage::of(each.serial, each.line).write());
            }
            return;
        }
        const auto message = protocol::TempoLineMessage::read(request.arguments);
        shell.expect_own_frames(request.sender());
        const TempoLine line = message.line(shell.jack().last_frame(), shell.jack().format().rate);
        deck.take_line(request.sender().url(), {message.serial, line});
    });
}

}  // namespace crowdjack
