// SPDX-License-Identifier: GPL-3.0-or-later
// crowdjack-session check: everything that is wrong with a session file, one line each.
#include "common/command_line.hpp"
#include "common/error.hpp"
#include "session/check/session_check.hpp"
#include "session/commands.hpp"
#include "session/session_file.hpp"

#include <algorithm>
#include <iostream>

namespace crowdjack {

namespace {

void print_summary(const SessionFile& session) {
    std::cout << session.path.string() << ": good: " << session.clients.size() << " clients, "
              << session.connections.size() << " listed connections, OSC on";
    for (const std::uint16_t port : session.osc_ports) {
        std::cout << " " << port;
    }
    std::cout << "\n";
}

}  // namespace

std::string session_file_argument(const PlainCommandLine& command, const std::string& name) {
    if (!command.given("file")) {
        throw UsageError{name + " needs a session file, e.g. crowdjack-session " + name + " set.toml"};
    }
    return command.values()["file"].as<std::string>();
}

int run_check(int argc, const char* const* argv) {
    PlainCommandLine command{"crowdjack-session check",
                             "Says what is wrong with a session file, before anything starts."};
    command.usage_tail = "FILE.toml";
    command.hidden.add_options()("file", boost::program_options::value<std::string>());
    command.positional.add("file", 1);
    if (!command.parse(argc, argv)) {
        return 0;
    }
    const std::filesystem::path path = session_file_argument(command, "check");
    std::vector<SessionProblem> problems;
    const SessionFile session = parse_session(read_session_text(path), path, problems);
    for (SessionProblem& problem : problems) {
        problem.warning = false;  // a name that is nearly right is worth a second look before the night
    }
    check_programs(session, problems);
    if (problems.empty()) {  // else programs would be asked about what was not meant
        const ProgramAnswers answers = ask_programs(session);
        check_clients(session, answers, problems);
        check_patch(session, answers, problems);
        check_guard(session, problems);
        check_setlist(session, problems);
        std::stable_sort(problems.begin(), problems.end(),
                         [](const SessionProblem& a, const SessionProblem& b) { return a.line < b.line; });
    }
    for (const SessionProblem& problem : problems) {
        std::cerr << "crowdjack-session: " << problem_text(path, problem) << "\n";
    }
    if (std::any_of(problems.begin(), problems.end(), [](const auto& problem) { return !problem.warning; })) {
        return 2;
    }
    print_summary(session);
    return 0;
}

}  // namespace crowdjack
