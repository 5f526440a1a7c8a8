// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/client_shell.hpp"
#include "common/log.hpp"
#include "common/run_main.hpp"
#include "common/track_grid.hpp"
#include "deck/control/deck.hpp"
#include "deck/control/deck_options.hpp"
#include "deck/control/deck_osc.hpp"
#include "deck/control/deck_patch.hpp"
#include "deck/engine/deck_process.hpp"
#include "deck/stretch/list_stretch.hpp"

#include <filesystem>
#include <iostream>
#include <optional>

namespace {

using namespace crowdjack;

void cue_first_file(ClientShell& shell, Deck& deck, const DeckOptions& options) {
    const auto complain = [](OscErrorCode, const std::string& why) {
        log_event(LogLevel::error, "start-up-file-failed", {{"why", why}});
    };
    const auto play = [&deck, complain, plays = options.play] {
        if (plays) {
            deck.start(
                std::nullopt, std::nullopt, false, [](JackFrame) {}, complain);
        }
    };
    shell.loop().post([&deck, file = options.file, play, complain] {
        try {
            deck.cue(file, 0.0, std::nullopt, play, complain);
        } catch (const OscError& error) {
            complain(error.code, error.what());
        }
    });
}

/// What is known of a track's beats without listening to it: a structure JSON, a tag, an earlier analysis.
std::optional<FoundGrid> known_grid(const std::filesystem::path& track) {
    const TrackGrid grid = find_track_grid(track);
    if (grid.source == GridSource::none) {
        return std::nullopt;
    }
    return FoundGrid{grid.bpm, grid.beat_known ? std::optional{grid.first_beat_s} : std::nullopt, to_text(grid.source)};
}

void fill_hooks(ClientShell& shell, Deck& deck, const DeckOptions& options) {
    shell.hooks.ports = [](const std::string& name) { return deck_ports(name); };
    shell.hooks.save = [&deck] { return deck.save(); };
    shell.hooks.restore = [&deck](const std::string& text) { deck.restore(text); };
    shell.hooks.open_saved = [&deck](const std::string& text) { deck.open_saved(text); };
    shell.hooks.opening = [&deck] { return deck.opening(); };
    shell.hooks.label = [&deck] { return deck.label(); };
    shell.hooks.pause = [&deck](const std::function<void()>& finished) { deck.fade_away(finished); };
    shell.hooks.connected = [&, first = !options.file.empty()]() mutable {
        deck.connected();
        if (std::exchange(first, false) && !deck.has_past()) {  // what was going on comes before FILE
            cue_first_file(shell, deck, options);
        }
    };
    shell.hooks.disconnected = [&deck] { deck.disconnected(); };
    shell.hooks.stop = [&deck](const std::function<void()>& finished) { deck.fade_away(finished); };
    shell.hooks.connect = [&shell] { patch_deck(shell.jack(), shell.name()); };
}

int run(int argc, char** argv) {
    const auto options = read_deck_options(argc, argv);
    if (!options) {
        return 0;
    }
    if (options->list_stretch) {
        std::cout << format_stretch_list(list_stretch());
        return 0;
    }
    DeckProcess process;
    ClientShell shell{{"deck", options->names, "crowdjack-deck", "crowdjack deck"}, options->common, process};
    Deck deck{shell, process.engine, *options};
    deck.use_grid_lookup(known_grid);
    register_transport(shell, deck);
    register_parameters(shell, deck);
    register_stems(shell, deck);
    register_tempo(shell, deck);
    register_beats(shell, deck);
    fill_hooks(shell, deck, *options);
    return shell.run();
}

}  // namespace

int main(int argc, char** argv) {
    return crowdjack::run_main("crowdjack-deck", [&] { return run(argc, argv); });
}
