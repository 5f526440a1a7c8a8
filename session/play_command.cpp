// SPDX-License-Identifier: GPL-3.0-or-later
// crowdjack-session play FOLDER: from a folder of music to a crowd-driven set with one command.
#include "common/atomic_file.hpp"
#include "common/error.hpp"
#include "common/options.hpp"
#include "common/track_grid.hpp"
#include "session/commands.hpp"
#include "session/play_session.hpp"
#include "session/setlist/sections.hpp"
#include "session/setlist/track_list.hpp"

#include <algorithm>
#include <fstream>
#include <set>
#include <system_error>

namespace crowdjack {

namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

void add_options(CommandLine& line) {
    const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
    line.hidden.add_options()("source", po::value<std::string>())("replay", po::value<std::string>());
    line.positional.add("source", 1);
    line.usage_tail = "FOLDER|PLAYLIST|SECTIONS.csv";
    line.own.add_options()("driver", text("alsa|dummy|…"),
                           "of a JACK server that is started (default: alsa where there is a sound card, else dummy)")(
        "device", text("hw:0"), "the driver's sound card")("rate", text("HZ")->default_value("48000"),
                                                           "of that server")(
        "period", text("N"), "frames a cycle (default: 512, on dummy 1024)")("record", text("FILE"), "record the set")(
        "stretch", text("METHOD"), "how decks change tempo: rate, rubberband, wsola")(
        "seed", text("N"), "draws the same set again for the same crowd")(
        "harmonic", po::bool_switch(), "prefer keys that go together")("in-order", po::bool_switch(),
                                                                       "play as listed, whatever the crowd does")(
        "lufs", text("L"), "loudness every track is trimmed to (default: -14)")("played-out", text("FILE"),
                                                                                "write what was really played, as CSV");
}

/// The folders that a set's files lie in, links resolved: what decks must be allowed to open. None lies in another.
std::vector<fs::path> folders_of(const fs::path& source) {
    std::set<fs::path> folders;
    std::vector<std::string> passed_over;
    std::error_code error;
    const auto add = [&](const fs::path& file) {
        const fs::path real = fs::canonical(file, error);
        if (!error) {
            folders.insert(real.parent_path());
        }
    };
    if (names_tracks(source)) {
        if (fs::is_directory(source, error)) {
            folders.insert(fs::canonical(source));
        }
        for (const fs::path& file : list_tracks(source, passed_over)) {
            add(file);
        }
    } else {
        for (const Section& section : read_sections(source, &passed_over)) {
            add(section.part_file);
        }
    }
    std::vector<fs::path> outermost;
    for (const fs::path& folder : folders) {
        const bool inside = std::any_of(outermost.begin(), outermost.end(), [&folder](const fs::path& outer) {
            return std::mismatch(outer.begin(), outer.end(), folder.begin(), folder.end()).first == outer.end();
        });
        if (!inside) {
            outermost.push_back(folder);
        }
    }
    return outermost;
}

bool has_sound_card() {
    std::ifstream cards{"/proc/asound/cards"};
    std::string first;
    return std::getline(cards, first) && first.find('[') != std::string::npos;
}

PlaySession session_of(const CommandLine& line, const fs::path& source) {
    const auto text = [&line](const char* name, const std::string& otherwise) {
        return line.given(name) ? line.values()[name].as<std::string>() : otherwise;
    };
    PlaySession session;
    session.driver = text("driver", has_sound_card() ? "alsa" : "dummy");
    session.device = text("device", "");
    session.rate = text("rate", "48000");
    session.period = text("period", session.driver == "dummy" ? "1024" : "512");
    session.music = folders_of(source);
    session.stretch = text("stretch", "");
    std::error_code error;
    if (line.given("record")) {
        session.record = fs::absolute(text("record", ""), error).string();
    }
    if (line.given("replay")) {
        session.replay = fs::absolute(text("replay", ""), error).string();
    }
    return session;
}

std::vector<std::string> run_words(const CommandLine& line, const CommonOptions& options, const fs::path& file,
                                   const fs::path& source) {
    std::vector<std::string> words{"run", file.string(), "--setlist", source.string(), "--server", options.server};
    for (const char* name : {"seed", "lufs", "played-out"}) {
        if (line.given(name)) {
            words.insert(words.end(),
                         {"--setlist-option", std::string{"--"} + name + "=" + line.values()[name].as<std::string>()});
        }
    }
    for (const char* name : {"harmonic", "in-order"}) {
        if (line.values()[name].as<bool>()) {
            words.insert(words.end(), {"--setlist-option", std::string{"--"} + name});
        }
    }
    for (const char* name : {"osc-port", "osc-bind", "log-level"}) {
        if (line.given(name)) {
            words.insert(words.end(), {std::string{"--"} + name, name == std::string{"osc-port"}
                                                                     ? std::to_string(options.osc_port)
                                                                     : line.values()[name].as<std::string>()});
        }
    }
    return words;
}

}  // namespace

int run_play(int argc, const char* const* argv) {
    CommandLine line{"crowdjack-session play", "Plays a folder of music as a set that follows the crowd.", 57120};
    add_options(line);
    const auto options = line.parse(argc, argv);
    if (!options) {
        return 0;
    }
    if (!line.given("source")) {
        throw UsageError{"no music is named: crowdjack-session play FOLDER (see --help)"};
    }
    std::error_code error;
    const fs::path source = fs::absolute(line.values()["source"].as<std::string>(), error).lexically_normal();
    if (!fs::exists(source, error)) {
        throw UsageError{"there is no folder or file '" + source.string() + "'"};
    }
    const PlaySession session = session_of(line, source);
    const fs::path file = analysis_cache_folder().parent_path() / ("play-" + options->server + ".toml");
    fs::create_directories(file.parent_path(), error);
    write_atomically(file, play_session_text(session), Durability::process, 0644);
    const std::vector<std::string> words = run_words(line, *options, file, source);
    std::vector<const char*> pointers;
    pointers.reserve(words.size());
    for (const std::string& word : words) {
        pointers.push_back(word.c_str());
    }
    return run_session(static_cast<int>(pointers.size()), pointers.data());
}

}  // namespace crowdjack
