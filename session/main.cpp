// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/command_line.hpp"
#include "common/error.hpp"
#include "common/nearest_name.hpp"
#include "common/own_command.hpp"
#include "common/port_names.hpp"
#include "common/run_main.hpp"
#include "session/commands.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace crowdjack;

struct Subcommand {
    std::string_view name, arguments, does;
    int (*run)(int argc, const char* const* argv);
};

/// A new subcommand is one line here and one file of its own.
constexpr std::array subcommands{
    Subcommand{"run", "FILE.toml [--period N]", "start, patch, watch and conduct a session", run_session},
    Subcommand{"check", "FILE.toml", "say what is wrong with a session file", run_check},
    Subcommand{"save", "FILE.toml", "store the present patch in a session file", run_save},
    Subcommand{"status", "[--watch] [--json] [--check]", "show how the suite is, once or live", run_status},
    Subcommand{"play", "FOLDER [--driver D] [--period N]", "play a folder of music as a set that follows the crowd",
               run_play},
    Subcommand{"setlist", "SECTIONS.csv|FOLDER|PLAYLIST", "play an unattended set in a running session", run_setlist},
    Subcommand{"web", "[--http-port 57180] [--http-bind 127.0.0.1]", "serve the page that shows and plays the suite",
               run_web},
    Subcommand{"midi", "MAP.toml [--learn]", "let a MIDI controller play the suite", run_midi},
    Subcommand{"send", "ADDRESS [ARGUMENT…]", "send one OSC message to the front door and print the answer", run_send},
    Subcommand{"tune", "[FILE.toml]", "measure which period size this machine manages", run_tune},
};

/// Run by the session itself.
constexpr std::array hidden_subcommands{
    Subcommand{"osc-page", "", "", run_osc_page},
    Subcommand{"tone", "", "", run_tone},
};

void print_help() {
    std::cout
        << "Usage: crowdjack-session COMMAND …\n"
           "Launches, patches, heals and conducts a set of JACK clients.\n\nCommands (each has its own --help):\n";
    for (const Subcommand& command : subcommands) {
        std::cout << "  " << command.name << " " << command.arguments << "\n      " << command.does << "\n";
    }
    std::cout << "\nWith $NSM_URL set and no command: an NSM client that keeps the patch and the front door.\n";
}

int dispatch(std::span<const char* const> arguments) {
    if (arguments.size() < 2) {
        const char* nsm = std::getenv("NSM_URL");
        if (nsm != nullptr && *nsm != '\0') {
            return run_under_nsm(static_cast<int>(arguments.size()), arguments.data());
        }
        throw UsageError{"no command given: use crowdjack-session run FILE.toml (see --help)"};
    }
    if (ran_as_port_name_writer(static_cast<int>(arguments.size()), arguments.data())) {
        return 0;
    }
    const std::string_view wanted = arguments[1];
    if (wanted == "--help" || wanted == "-h") {
        print_help();
        return 0;
    }
    if (wanted == "--version") {
        std::cout << "crowdjack-session " CROWDJACK_VERSION "\n";
        return 0;
    }
    const auto rest = arguments.subspan(1);
    std::vector<std::string> names;
    for (const std::span<const Subcommand> table : {std::span<const Subcommand>{subcommands}, {hidden_subcommands}}) {
        for (const Subcommand& command : table) {
            if (wanted == command.name) {
                return command.run(static_cast<int>(rest.size()), rest.data());
            }
            names.emplace_back(command.name);
        }
    }
    const std::string nearest = nearest_name(wanted, names);
    throw UsageError{"unknown command '" + std::string{wanted} + "'" +
                     (nearest.empty() ? "" : ": did you mean " + nearest + "?") + " (see --help)"};
}

}  // namespace

int main(int argc, char** argv) {
    return run_main("crowdjack-session", [argc, argv] {
        const std::vector<std::string> words = with_arguments_of_files({argv, argv + argc});
        std::vector<const char*> arguments(words.size());
        std::transform(words.begin(), words.end(), arguments.begin(), [](const auto& word) { return word.c_str(); });
        return dispatch(arguments);
    });
}
