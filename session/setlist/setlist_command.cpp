// SPDX-License-Identifier: GPL-3.0-or-later
// crowdjack-session setlist SECTIONS.csv|FOLDER|PLAYLIST: plays an unattended set.
#include "common/error.hpp"
#include "common/log.hpp"
#include "common/options.hpp"
#include "common/registry.hpp"
#include "session/commands.hpp"
#include "session/setlist/live_suite.hpp"
#include "session/setlist/set_library.hpp"

#include <algorithm>
#include <cctype>
#include <csignal>
#include <memory>
#include <utility>

namespace crowdjack {

namespace {

namespace po = boost::program_options;

constexpr ControlLoop::Duration turn_period{50};
constexpr double whole_tracks_ahead_s = 45.0;  ///< so that a choice may wait for an analysis and still be early
constexpr double session_patience_s = 10.0;    ///< for a session that is just starting

void add_options(CommandLine& line) {
    line.hidden.add_options()("sections", po::value<std::string>(), "");
    line.positional.add("sections", 1);
    line.usage_tail = "SECTIONS.csv|FOLDER|PLAYLIST";
    line.own.add_options()("seed", po::value<std::uint64_t>()->default_value(1)->value_name("N"),
                           "draws the same set again for the same crowd")(
        "loop", po::bool_switch(), "begin again when all is played")("in-order", po::bool_switch(),
                                                                     "play as listed, whatever the crowd does")(
        "harmonic", po::bool_switch(), "prefer keys that go with the track before")(
        "decks", po::value<std::string>()->default_value("A,B,C")->value_name("A,B,C"), "decks that take turns")(
        "cue-ahead", po::value<double>()->default_value(20.0, "20, for whole tracks 45")->value_name("S"),
        "seconds before a hand-over at which the next track is chosen")(
        "lufs", po::value<double>()->default_value(-14.0, "-14")->value_name("L"),
        "loudness every strip is trimmed to")("played-out", po::value<std::string>()->value_name("FILE"),
                                              "write what was really played, as CSV");
}

std::string parse_decks(const std::string& text) {
    std::string decks;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char letter = static_cast<char>(std::toupper(static_cast<unsigned char>(text[i])));
        const bool comma = i % 2 == 1;
        if (comma ? letter != ',' : (letter < 'A' || letter > 'Z' || decks.find(letter) != std::string::npos)) {
            throw UsageError{"--decks '" + text + "' must be different letters with commas, e.g. A,B,C"};
        }
        if (!comma) {
            decks += letter;
        }
    }
    if (decks.size() < 2) {
        throw UsageError{"--decks '" + text + "': a hand-over needs at least two decks"};
    }
    return decks;
}

SetPlayer::Settings settings_of(const CommandLine& line, bool whole_tracks) {
    SetPlayer::Settings settings;
    settings.choice = {line.values()["seed"].as<std::uint64_t>(), line.values()["loop"].as<bool>(),
                       line.values()["in-order"].as<bool>(), line.values()["harmonic"].as<bool>(), whole_tracks};
    settings.decks = parse_decks(line.values()["decks"].as<std::string>());
    settings.cue_ahead_s =
        whole_tracks && !line.given("cue-ahead") ? whole_tracks_ahead_s : line.values()["cue-ahead"].as<double>();
    settings.target_lufs = line.values()["lufs"].as<double>();
    if (!(settings.cue_ahead_s >= 1.0) || !(settings.target_lufs >= -60.0 && settings.target_lufs <= 0.0)) {
        throw UsageError{"--cue-ahead must be at least 1 second and --lufs in -60…0"};
    }
    return settings;
}

/// Before any thread starts, so that all inherit the mask: a thread without it could take a signal in the loop's place,
/// and be killed by it, or lose it where SIGINT is ignored (as in a shell's background).
void take_signals(ControlLoop& loop) {
    for (const int signal : {SIGINT, SIGTERM}) {
        loop.on_signal(signal, [&loop] { loop.stop(); });
    }
    loop.on_signal(SIGHUP, [] {});   // a closed terminal ends no set
    loop.on_signal(SIGUSR1, [] {});  // all that is worth saving lies with the decks and the mixer
}

/// Answers /setlist/next, /setlist/stop, /setlist/state; ends the loop when the set is over.
class SetlistProgram {
public:
    SetlistProgram(SuiteLink& link, LiveSuite& suite) : link_{link}, suite_{suite}, began_s_{steady_seconds()} {
        link_.osc().handle(at::setlist_next, [this](const OscRequest& request) {
            if (!suite_.player().hurry()) {
                throw OscError{OscErrorCode::refused, "there is no next track"};
            }
            request.reply_to.done();
        });
        link_.osc().handle(at::setlist_pause_after, [this](const OscRequest& request) {
            if (request.arguments.empty()) {
                request.reply_to.send(OscMessage{at::setlist_pause_after}.flag(suite_.player().pausing()));
                return;
            }
            suite_.pause_after(request.arguments.flag(0, "on"));
            request.reply_to.done();
        });
        link_.osc().handle(at::setlist_stop, [this](const OscRequest& request) {
            stop();
            request.reply_to.done();
        });
        link_.osc().handle(at::setlist_state, [this](const OscRequest& request) {
            OscMessage answer{at::setlist_state};
            suite_.describe(answer);
            request.reply_to.send(answer);
        });
        for (const int signal : {SIGINT, SIGTERM}) {
            link_.loop().on_signal(signal, [this] { stop(); });  // from here on with a fade
        }
        link_.loop().every(turn_period, [this] { turn(); });
    }

    /// Nobody was there to play it, and nobody told it to end meanwhile.
    [[nodiscard]] bool gave_up() const noexcept { return !found_decks_ && !stopping_; }

private:
    void stop() {
        const auto now = suite_.now();
        const bool again = std::exchange(stopping_, true);
        if (!now || again) {
            link_.loop().stop();
            return;
        }
        (void)suite_.player().stop(*now);
    }

    void turn() {
        suite_.turn();
        found_decks_ = found_decks_ || suite_.now();
        const bool hopeless = !found_decks_ && steady_seconds() > began_s_ + session_patience_s;
        if (hopeless || suite_.player().finished()) {
            link_.loop().stop();
        }
    }

    SuiteLink& link_;
    LiveSuite& suite_;
    double began_s_;
    bool found_decks_{false};
    bool stopping_{false};
};

}  // namespace

int run_setlist(int argc, const char* const* argv) {
    CommandLine line{"crowdjack-session setlist",
                     "Plays an export's sections, a folder of music or a playlist as an unattended set."};
    add_options(line);
    const auto options = line.parse(argc, argv);
    if (!options) {
        return 0;
    }
    if (!line.given("sections")) {
        throw UsageError{"no setlist given: crowdjack-session setlist SECTIONS.csv (from crowdjack-struct-export), or "
                         "a folder of music, or a playlist"};
    }
    set_up_log("setlist", options->log_level);
    SetLibrary library{line.values()["sections"].as<std::string>()};
    const auto settings = settings_of(line, library.becomes_known());
    std::unique_ptr<PlayedLog> log;
    if (line.given("played-out")) {
        log = std::make_unique<PlayedLog>(line.values()["played-out"].as<std::string>());
    }
    SuiteLink link{*options};
    const std::string name = options->client_name.empty() ? "setlist" : options->client_name;
    RegistryEntry entry{link.server(), name};
    entry.keep_up(link.loop());
    take_signals(link.loop());
    LiveSuite suite{link, library.sections(), settings, log.get()};
    suite.on_get_to_know([&library](std::size_t section, Acquaintance how) { library.hurry(section, how); });
    library.explore(
        link.loop(), suite.player().order(), [&suite](std::size_t section) { suite.player().known(section); },
        [&suite](std::size_t section, const std::string& why) { suite.player().unplayable(section, why); });
    SetlistProgram program{link, suite};
    entry.publish({name, link.osc().url(), "setlist", name, "", ::getpid()});
    link.loop().run();
    if (program.gave_up()) {
        throw Failure{"no deck answers on server '" + link.server() +
                      "': start a session first (crowdjack-session run FILE.toml), or name its server with --server"};
    }
    return 0;
}

}  // namespace crowdjack
