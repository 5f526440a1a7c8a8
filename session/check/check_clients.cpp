// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/error.hpp"
#include "common/own_command.hpp"
#include "session/check/session_check.hpp"
#include "session/program_lookup.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

namespace crowdjack {

namespace {

/// The value of `--option VALUE` or `--option=VALUE`; the last one counts.
std::optional<std::string> option_of(const std::vector<std::string>& words, const std::string& option) {
    std::optional<std::string> value;
    for (auto word = words.begin(); word != words.end(); ++word) {
        if (*word == option && std::next(word) != words.end()) {
            value = *std::next(word);
        } else if (word->starts_with(option + "=")) {
            value = word->substr(option.size() + 1);
        }
    }
    return value;
}

void check_names(const ClientSpec& client, const ProgramAnswer& answer, std::vector<SessionProblem>& problems) {
    const bool named = option_of(client.run, "--name") || option_of(client.run, "--client-name");
    if (named && !answer.client.empty() && answer.client != client.name) {
        problems.push_back({client.run_line, "client '" + client.name + "' would call itself '" + answer.client +
                                                 "': let its name and the one in its options be the same"});
    }
}

void check_ports(const SessionFile& session, std::vector<SessionProblem>& problems) {
    std::map<std::string, std::string> owners;
    for (const std::uint16_t port : session.osc_ports) {
        owners[std::to_string(port)] = "the front door ([osc])";
    }
    for (const ClientSpec& client : session.clients) {
        const auto port = client.of_the_suite() ? option_of(client.run, "--osc-port") : std::nullopt;
        if (!port || *port == "0") {
            continue;
        }
        const auto [owner, is_new] = owners.emplace(*port, "client '" + client.name + "'");
        if (!is_new) {
            problems.push_back({client.run_line, "client '" + client.name + "' listens on port " + *port + ", as " +
                                                     owner->second + " does: give it another, or 0 for a free one"});
        }
    }
}

}  // namespace

ProgramAnswers ask_programs(const SessionFile& session) {
    ProgramAnswers answers;
    const auto folders = program_folders();
    for (const ClientSpec& client : session.clients) {
        const auto program = client.of_the_suite() ? find_program(client.run.front(), folders) : std::nullopt;
        if (!program) {
            continue;
        }
        try {
            answers[client.name] = ask_program(*program, {std::next(client.run.begin()), client.run.end()});
        } catch (const Failure& failure) {
            answers[client.name] = {false, {}, {}, {failure.what()}};
        }
    }
    return answers;
}

void check_clients(const SessionFile& session, const ProgramAnswers& answers, std::vector<SessionProblem>& problems) {
    if (session.clients.empty()) {
        problems.push_back({0, "no [[client]] is listed, so nothing would start: see the examples of the manual"});
    }
    for (const ClientSpec& client : session.clients) {
        const auto answer = answers.find(client.name);
        if (answer == answers.end()) {
            continue;
        }
        for (const std::string& complaint : answer->second.complaints) {
            problems.push_back({client.run_line, "options of client '" + client.name + "': " + complaint});
        }
        check_names(client, answer->second, problems);
    }
    check_ports(session, problems);
}

}  // namespace crowdjack
