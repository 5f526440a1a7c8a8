// SPDX-License-Identifier: GPL-3.0-or-later
// /deck/grid, /deck/sync, /deck/autoplay.
#include "deck/control/deck_osc.hpp"

#include <optional>
#include <string>

namespace crowdjack {

namespace {

// No nil in answers: gcc 12 takes the atom for uninitialised where that is inlined.
void grid(Deck& deck, const OscRequest& request) {
    const OscArguments& in = request.arguments;
    if (in.empty()) {
        const SavedDeck::Grid known = deck.cue_grid();
        OscMessage told = answer(request);
        told.precise(deck.settings().track_bpm);
        if (known.first_beat_s) {
            told.precise(*known.first_beat_s);
        } else {
            told.flag(false);
        }
        request.reply_to.send(told.text(known.source.empty() ? "default" : known.source));
        return;
    }
    in.expect(1, 2, "d:bpm [d:first_beat_s]");
    deck.grid(in.number(0, "bpm", 1.0, 1000.0), in.optional_number(1, "first_beat_s", -1e6, 1e6).value_or(0.0));
    request.reply_to.done();
}

/// T, F, or nil: as each start says.
void sync(Deck& deck, const OscRequest& request) {
    const OscArguments& in = request.arguments;
    if (in.empty()) {
        OscMessage told = answer(request);
        if (const auto on = deck.settings().sync) {
            told.flag(*on);
        } else {
            told.text("as each start says");
        }
        request.reply_to.send(told);
        return;
    }
    in.expect(1, 1, "T/F, or nil to do as each start says");
    deck.sync(in.types() == "N" ? std::nullopt : std::optional{in.flag(0, "sync")});
    request.reply_to.done();
}

void autoplay(Deck& deck, const OscRequest& request) {
    if (request.arguments.empty()) {
        request.reply_to.send(answer(request).flag(deck.settings().autoplay));
        return;
    }
    request.arguments.expect(1, 1, "T/F");
    deck.autoplay(request.arguments.flag(0, "autoplay"));
    request.reply_to.done();
}

}  // namespace

void register_beats(ClientShell& shell, Deck& deck) {
    shell.osc().handle(at::deck_grid, [&](const OscRequest& request) { grid(deck, request); });
    shell.osc().handle(at::deck_sync, [&](const OscRequest& request) { sync(deck, request); });
    shell.osc().handle(at::deck_autoplay, [&](const OscRequest& request) { autoplay(deck, request); });
}

}  // namespace crowdjack
