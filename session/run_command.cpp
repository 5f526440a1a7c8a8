// SPDX-License-Identifier: GPL-3.0-or-later
// crowdjack-session run: reads the session file, makes sure of a server, and keeps the session until told to stop.
#include "common/error.hpp"
#include "common/log.hpp"
#include "common/options.hpp"
#include "common/osc_endpoint.hpp"
#include "common/own_command.hpp"
#include "session/commands.hpp"
#include "session/idle_audio.hpp"
#include "session/other_session.hpp"
#include "session/programme/seed_count.hpp"
#include "session/session_run.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>

namespace crowdjack {

namespace {

std::uint32_t parse_period(const std::string& text, const std::string& source) {
    std::uint32_t period{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), period);
    if (error != std::errc{} || end != text.data() + text.size() || period < 16 || period > 8192) {
        throw UsageError{source + " '" + text + "' must be a whole number of frames from 16 to 8192, e.g. 256"};
    }
    return period;
}

/// --period before $CROWDJACK_PERIOD before the file.
void override_period(SessionFile& session, const CommandLine& command) {
    const char* wished = std::getenv("CROWDJACK_PERIOD");
    if (command.given("period")) {
        session.jack.period = parse_period(command.values()["period"].as<std::string>(), "--period");
    } else if (wished != nullptr && *wished != '\0') {
        session.jack.period = parse_period(wished, "$CROWDJACK_PERIOD");
    }
}

std::string checked_setlist(const CommandLine& command) {
    auto csv = command.values()["setlist"].as<std::string>();
    std::error_code error;
    if (!csv.empty() && !std::filesystem::is_regular_file(csv, error) && !std::filesystem::is_directory(csv, error)) {
        throw UsageError{"--setlist '" + csv +
                         "': there is no such file or folder: name an export's sections.csv, a "
                         "playlist or a folder of music"};
    }
    return csv;
}

/// The set of --setlist, else that of the file.
Programme::Plan plan_of(const CommandLine& command, const SessionFile& session) {
    const std::string named = checked_setlist(command);
    if (!named.empty()) {
        auto options = command.given("setlist-option")
                           ? command.values()["setlist-option"].as<std::vector<std::string>>()
                           : std::vector<std::string>{};
        return {named, {}, [options] { return options; }};
    }
    return {session.setlist.source.string(), session.setlist.hours,
            [setlist = session.setlist, file = session.path] { return setlist.options(next_beginning(file)); }};
}

/// The file's server, unless the command line names one; clients on other machines become known peers.
CommonOptions session_options(CommonOptions options, const CommandLine& command, const SessionFile& session) {
    if (!command.given("server") && !session.jack.server.empty()) {
        options.server = session.jack.server;
    }
    for (const ClientSpec& client : session.clients) {
        if (!client.url.empty()) {
            options.peers.push_back(client.name + "=" + client.url);
            if (options.osc_bind.starts_with("127.") && !OscEndpoint::parse(client.url).is_loopback()) {
                log_event(LogLevel::warning, "client-out-of-reach",
                          {{"client", client.name},
                           {"why", "from " + options.osc_bind + " no other machine is reached"},
                           {"do", "--osc-bind 0.0.0.0, or this machine's address"}});
            }
        }
    }
    return options;
}

int keep_session(const CommonOptions& options, SessionFile session, std::vector<std::uint16_t> ports,
                 SessionRun::Settings settings) {
    IdleAudio idle;
    ClientShell shell{
        {"session", {"session"}, "crowdjack-session", "crowdjack session"}, options, idle, 0, std::move(ports)};
    const std::string file = session.path.string();
    SessionRun run{shell, std::move(session), std::move(settings)};
    shell.hooks.restart = [file] {
        // The session manager's working folder may be another one.
        std::vector<std::string> words = own_command();
        std::replace(words.begin(), words.end(), file, std::filesystem::absolute(file).string());
        return words;
    };
    if (!run.ensure_server()) {
        return 0;
    }
    const int code = shell.run();
    run.finish();
    return code;
}

}  // namespace

int run_session(int argc, const char* const* argv) {
    CommandLine command{"crowdjack-session run", "Starts, patches, watches and conducts a session.", 57120};
    command.usage_tail = "FILE.toml";
    command.own.add_options()("period", boost::program_options::value<std::string>()->value_name("N"),
                              "period in frames of a server that is started (also $CROWDJACK_PERIOD)")(
        "setlist", boost::program_options::value<std::string>()->default_value("")->value_name("CSV|FOLDER|PLAYLIST"),
        "play this unattended set, again and again, once all is patched")(
        "legacy-levels", boost::program_options::bool_switch(), "gains begin at 0.8 x 0.8, as crowdstream's did");
    command.hidden.add_options()("file", boost::program_options::value<std::string>())(
        "setlist-option", boost::program_options::value<std::vector<std::string>>());
    command.positional.add("file", 1);
    const auto options = command.parse(argc, argv);
    if (!options) {
        return 0;
    }
    if (options->check_options) {
        throw UsageError{"--check-options is for the clients: use crowdjack-session check FILE.toml"};
    }
    set_up_log("crowdjack-session", options->log_level);
    ::unsetenv("NSM_URL");  // a session of its own; without a file it would be NSM's client
    SessionFile session = load_session(session_file_argument(command, "run"));
    for (const SessionProblem& warning : session.warnings) {
        log_event(LogLevel::warning, "session-file", {{"what", problem_text(session.path, warning)}});
    }
    override_period(session, command);
    const CommonOptions own = session_options(*options, command, session);
    if (command.given("osc-port")) {
        session.osc_ports = {own.osc_port};
    }
    if (const std::string other = session_in_the_way(own.server, session.osc_ports); !other.empty()) {
        throw Failure{other +
                      " runs already: end it first (oscsend localhost 57120 /session/quit, or kill its pid), or "
                      "give this one another server and other ports"};
    }
    std::vector<std::uint16_t> ports = session.osc_ports;
    Programme::Plan plan = plan_of(command, session);
    return keep_session(own, std::move(session), std::move(ports),
                        {command.values()["legacy-levels"].as<bool>(), false, std::move(plan)});
}

}  // namespace crowdjack
