// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/control/deck_osc.hpp"

#include <optional>
#include <string>

namespace crowdjack {

namespace {

constexpr double furthest_s = 1e6;  // beyond any track

Deck::Finished replies(const OscRequest& request) {
    return [to = request.reply_to] { to.done(); };
}

Deck::Placed replies_with_frame(const OscRequest& request) {
    return [to = request.reply_to](JackFrame at) { to.send(to.reply().frame(at)); };
}

Deck::Failed complains(const OscRequest& request) {
    return [to = request.reply_to](OscErrorCode code, const std::string& why) { to.error(code, why); };
}

/// A word where a number should stand is a mistake, not an omission: nothing here takes one behind its numbers.
void expect_numbers(const OscRequest& request, std::size_t least, std::size_t most, const std::string& usage,
                    std::size_t from = 0) {
    request.arguments.expect(least, most, usage);
    for (std::size_t i = from; i < request.arguments.size(); ++i) {
        if (request.arguments.is_text(i)) {
            throw OscError{OscErrorCode::bad_arguments,
                           "argument " + std::to_string(i + 1) + " is a string: use " + usage};
        }
    }
}

bool asks(const OscRequest& request, std::size_t selectors = 0) { return request.arguments.size() <= selectors; }

OscMessage answer(const OscRequest& request) { return OscMessage{std::string{request.address}}; }

void cue(Deck& deck, const OscRequest& request) {
    const OscArguments& in = request.arguments;
    if (asks(request)) {
        request.reply_to.send(answer(request).text(deck.cue_path()).precise(deck.cue_seconds()));
        return;
    }
    expect_numbers(request, 1, 3, "s:path [d:seconds] [d:track_bpm]", 1);
    deck.cue(std::string{in.text(0, "path")}, in.optional_number(1, "seconds", 0.0, furthest_s).value_or(0.0),
             in.optional_number(2, "track_bpm", 1.0, 1000.0), replies(request), complains(request));
}

void loop(Deck& deck, const OscRequest& request) {
    const OscArguments& in = request.arguments;
    if (asks(request)) {
        if (const auto region = deck.loop_seconds()) {
            request.reply_to.send(answer(request).precise(region->in).precise(region->out));
        } else {
            request.reply_to.send(answer(request).flag(false));
        }
        return;
    }
    in.expect(1, 2, "d:in d:out, or T/F");
    if (in.size() == 2) {
        deck.loop(Trajectory::Loop{in.number(0, "in", 0.0, furthest_s), in.number(1, "out", 0.0, furthest_s)});
    } else if (in.flag(0, "on")) {
        deck.loop_all();
    } else {
        deck.loop(std::nullopt);
    }
    request.reply_to.done();
}

void start_like(ClientShell& shell, Deck& deck) {
    shell.osc().handle("/deck/start", [&](const OscRequest& request) {
        expect_numbers(request, 0, 3, "[i:frame|N] [d:seconds|N] [T/F on_beat]");
        const bool on_beat = request.arguments.size() > 2 && request.arguments.flag(2, "on_beat");
        deck.start(shell.frame_argument(request, 0, "frame"),
                   request.arguments.optional_number(1, "seconds", 0.0, furthest_s), on_beat,
                   replies_with_frame(request), complains(request));
    });
    shell.osc().handle("/deck/start_beat", [&](const OscRequest& request) {
        request.arguments.expect(1, 1, "d:quantum");
        deck.start_on_beat(request.arguments.number(0, "quantum", 1e-3, 1e12), replies_with_frame(request),
                           complains(request));
    });
    shell.osc().handle("/deck/stop", [&](const OscRequest& request) {
        expect_numbers(request, 0, 1, "[i:frame|N]");
        deck.stop(shell.frame_argument(request, 0, "frame"), replies_with_frame(request), complains(request));
    });
}

/// Handles an address that asks without arguments and sets one number otherwise.
template <typename Ask, typename Set>
void number_parameter(ClientShell& shell, const char* address, const char* name, double low, double high, Ask ask,
                      Set set) {
    shell.osc().handle(address, [=](const OscRequest& request) {
        if (asks(request)) {
            request.reply_to.send(answer(request).precise(ask()));
            return;
        }
        request.arguments.expect(1, 1, std::string{"d:"} + name);
        set(request.arguments.number(0, name, low, high));
        request.reply_to.done();
    });
}

std::size_t slot_of(const OscRequest& request) {
    return static_cast<std::size_t>(request.arguments.integer(0, "slot", 0, 15));
}

}  // namespace

void register_transport(ClientShell& shell, Deck& deck) {
    shell.osc().handle("/deck/cue", [&](const OscRequest& request) { cue(deck, request); });
    start_like(shell, deck);
    shell.osc().handle("/deck/eject", [&](const OscRequest& request) {
        request.arguments.expect(0, 0, "no arguments");
        deck.eject();
        request.reply_to.done();
    });
    shell.osc().handle("/deck/seek", [&](const OscRequest& request) {
        if (asks(request)) {
            request.reply_to.send(answer(request).precise(deck.position_seconds()));
            return;
        }
        request.arguments.expect(1, 1, "d:seconds");
        deck.seek(request.arguments.number(0, "seconds", 0.0, furthest_s), replies(request), complains(request));
    });
    shell.osc().handle("/deck/nudge", [&](const OscRequest& request) {
        request.arguments.expect(1, 1, "d:ms");
        deck.nudge(request.arguments.number(0, "ms", -1e5, 1e5));
        request.reply_to.done();
    });
    shell.osc().handle("/deck/loop", [&](const OscRequest& request) { loop(deck, request); });
    shell.osc().handle("/deck/hotcue", [&](const OscRequest& request) {
        expect_numbers(request, 1, 2, "i:number [d:seconds]");
        deck.hotcue(static_cast<int>(request.arguments.integer(0, "number", 1, 8)),
                    request.arguments.optional_number(1, "seconds", 0.0, furthest_s), replies(request),
                    complains(request));
    });
    shell.osc().handle("/deck/state", [&](const OscRequest& request) { request.reply_to.send(deck.state_message()); });
    shell.osc().handle("/deck/health",
                       [&](const OscRequest& request) { request.reply_to.send(deck.health_message()); });
    shell.osc().on_subscribe([&](const OscEndpoint& to) { shell.osc().send(to, deck.state_message()); });
}

void register_parameters(ClientShell& shell, Deck& deck) {
    shell.osc().handle("/deck/gain", [&](const OscRequest& request) {
        if (asks(request)) {
            request.reply_to.send(answer(request).real(static_cast<float>(deck.settings().gain)));
            return;
        }
        expect_numbers(request, 1, 2, "f:linear [d:ramp_s]");
        deck.gain(request.arguments.number(0, "linear", 0.0, 4.0),
                  request.arguments.optional_number(1, "ramp_s", 0.0, 3600.0));
        request.reply_to.done();
    });
    number_parameter(
        shell, "/deck/rate", "ratio", 0.25, 4.0, [&] { return deck.settings().rate; },
        [&](double ratio) { deck.rate(ratio); });
    number_parameter(
        shell, "/deck/bpm", "bpm", 1.0, 1000.0, [&] { return deck.settings().track_bpm; },
        [&](double bpm) { deck.track_bpm(bpm); });
    shell.osc().handle("/deck/follow", [&](const OscRequest& request) {
        if (asks(request)) {
            request.reply_to.send(answer(request).flag(deck.settings().follow));
            return;
        }
        request.arguments.expect(1, 1, "T/F");
        deck.follow(request.arguments.flag(0, "follow"));
        request.reply_to.done();
    });
    shell.osc().handle("/deck/stretch", [&](const OscRequest& request) {
        if (asks(request)) {
            request.reply_to.send(answer(request).text(stretch_name(deck.settings().stretch)));
            return;
        }
        request.arguments.expect(1, 1, "s:rate|rubberband|rubberband:fast|wsola");
        deck.stretch(std::string{request.arguments.text(0, "method")});
        request.reply_to.done();
    });
}

void register_stems(ClientShell& shell, Deck& deck) {
    shell.osc().handle("/deck/stem/load", [&](const OscRequest& request) {
        const OscArguments& in = request.arguments;
        in.expect(1, 3, "i:slot s:path [s:name]");
        const std::size_t slot = slot_of(request);
        if (asks(request, 1)) {
            request.reply_to.send(answer(request)
                                      .integer(static_cast<std::int32_t>(slot))
                                      .text(deck.stem(slot).path)
                                      .text(deck.stem(slot).name));
            return;
        }
        deck.load_stem(slot, std::string{in.text(1, "path")}, in.size() > 2 ? std::string{in.text(2, "name")} : "",
                       replies(request), complains(request));
    });
    shell.osc().handle("/deck/stem/play", [&](const OscRequest& request) {
        const OscArguments& in = request.arguments;
        expect_numbers(request, 1, 5, "i:slot [f:rate f:gain i:loop f:start_fraction]");
        const bool loops = in.size() > 3 && in.is_flag(3) && in.flag(3, "loop");
        deck.play_stem(slot_of(request), in.optional_number(1, "rate", 0.25, 4.0).value_or(1.0),
                       in.optional_number(2, "gain", 0.0, 4.0).value_or(1.0), loops,
                       in.optional_number(4, "start_fraction", 0.0, 1.0).value_or(0.0), replies_with_frame(request),
                       complains(request));
    });
    shell.osc().handle("/deck/stem/stop", [&](const OscRequest& request) {
        request.arguments.expect(1, 1, "i:slot");
        deck.stop_stem(slot_of(request));
        request.reply_to.done();
    });
    shell.osc().handle("/deck/stem/gain", [&](const OscRequest& request) {
        request.arguments.expect(1, 2, "i:slot [f:gain]");
        const std::size_t slot = slot_of(request);
        if (asks(request, 1)) {
            request.reply_to.send(answer(request)
                                      .integer(static_cast<std::int32_t>(slot))
                                      .real(static_cast<float>(deck.stem(slot).gain)));
            return;
        }
        deck.stem_gain(slot, request.arguments.number(1, "gain", 0.0, 4.0));
        request.reply_to.done();
    });
}

void register_tempo(ClientShell& shell, Deck& deck) {
    shell.osc().handle_report("/tempo/line", [&](const OscRequest& request) {
        const OscArguments& in = request.arguments;
        if (in.empty()) {  // a follower asks where the line stood
            for (const NumberedLine& each : deck.lines().lines()) {
                request.reply_to.send(OscMessage{"/tempo/line"}
                                          .integer(each.serial)
                                          .frame(each.line.from())
                                          .precise(each.line.start_beat().value)
                                          .precise(each.line.from_bpm().value)
                                          .frame(each.line.to())
                                          .precise(each.line.to_bpm().value));
            }
            return;
        }
        in.expect(6, 6, "i:serial i:f0 d:b0 d:bpm0 i:f1 d:bpm1");
        const auto serial = static_cast<std::int32_t>(in.integer(0, "serial", INT32_MIN, INT32_MAX));
        const auto from = shell.line_frame(request, 1, "f0");  // a newcomer takes a line that began an hour ago
        const auto to = in.optional_frame(4, "f1");
        if (!from || !to) {
            throw OscError{OscErrorCode::bad_arguments, "f0 and f1 are frames"};
        }
        const Beats beat{in.number(2, "b0", -1e12, 1e12)};
        const Bpm begin{in.number(3, "bpm0", 1.0, 1000.0)};
        const Bpm end{in.number(5, "bpm1", 1.0, 1000.0)};
        deck.take_line(request.sender().url(),
                       {serial, TempoLine{*from, beat, begin, unwrap(*to, *from), end, shell.jack().format().rate}});
    });
}

}  // namespace crowdjack
