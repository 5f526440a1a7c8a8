// SPDX-License-Identifier: GPL-3.0-or-later
// crowdjack-session save: what is patched now becomes the file's [patch] list.
#include "common/error.hpp"
#include "common/jack_closing.hpp"
#include "common/jack_thread.hpp"
#include "common/log.hpp"
#include "common/options.hpp"
#include "session/commands.hpp"
#include "session/patch/jack_open.hpp"
#include "session/patch/patch_text.hpp"
#include "session/patch/patchbay.hpp"
#include "session/session_file.hpp"

#include <iostream>

namespace crowdjack {

namespace {

constexpr auto save_open_deadline = std::chrono::seconds{5};

GraphView present_graph(const std::string& server) {
    route_jack_messages();
    jack_client_t* client = open_jack_client("session-save", server, save_open_deadline);
    if (client == nullptr) {
        throw Failure{"cannot reach JACK server '" + server + "' to look at its patch: is the session running?"};
    }
    GraphView graph = look_at_graph(client, server);
    (void)JackClosing{}.close(client);  // should it hang, it ends with us
    return graph;
}

}  // namespace

int run_save(int argc, const char* const* argv) {
    CommandLine command{"crowdjack-session save", "Stores the present patch in a session file, and nothing else."};
    command.usage_tail = "FILE.toml";
    command.hidden.add_options()("file", boost::program_options::value<std::string>());
    command.positional.add("file", 1);
    const auto options = command.parse(argc, argv);
    if (!options) {
        return 0;
    }
    const std::filesystem::path path = session_file_argument(command, "save");
    const std::string text = read_session_text(path);
    std::vector<SessionProblem> problems;
    const SessionFile session = parse_session(text, path, problems);
    for (const SessionProblem& problem : problems) {
        if (!problem.warning) {
            throw UsageError{problem_text(path, problem)};
        }
    }
    const bool file_decides = !command.given("server") && !session.jack.server.empty();
    GraphView graph = present_graph(file_decides ? session.jack.server : options->server);
    // Programs of the session that are not of the suite belong to its patch, too.
    for (const PortView& port : graph.ports) {
        if (session.client(client_of(listed_name(port))) != nullptr) {
            graph.suite_clients.insert(client_of(port.name));
        }
    }
    const std::vector<std::string> connections = present_patch(session.connections, graph);
    write_session_text(path, with_patch(text, connections));
    std::cout << path.string() << ": " << connections.size() << " connections saved\n";
    return 0;
}

}  // namespace crowdjack
