// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/nearest_name.hpp"
#include "session/check/session_check.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

namespace crowdjack {

namespace {

/// The ports that one side of a connection names.
struct Side {
    bool known{};                       ///< which ports its client has can be told
    std::map<std::string, bool> stars;  ///< what its * stands for ("" without one) → is MIDI; of the right direction
    bool only_wrong_way{};              ///< it names ports, all of the other direction
    std::string nearest;                ///< a port of the right direction with nearly that name
};

/// system:capture_N and system:playback_N, whatever the card is.
bool is_card_port(const std::string& port, const std::string& kind) {
    return port.starts_with(kind + "_") && port.size() > kind.size() + 1 &&
           std::all_of(port.begin() + static_cast<std::ptrdiff_t>(kind.size()) + 1, port.end(),
                       [](unsigned char c) { return std::isdigit(c) != 0; });
}

Side card_side(const PortPattern& pattern, bool source) {
    const std::string port = pattern.text().substr(pattern.text().find(':') + 1);
    Side side{true, {}, false, {}};
    if (port.starts_with("midi_") || pattern.has_star()) {
        return {};  // cards differ
    }
    if (is_card_port(port, source ? "capture" : "playback")) {
        side.stars.emplace("", false);
        return side;
    }
    side.only_wrong_way = is_card_port(port, source ? "playback" : "capture");
    side.nearest = nearest_name(port, {source ? "capture_1" : "playback_1", source ? "capture_2" : "playback_2"});
    return side;
}

Side side_of(const PortPattern& pattern, bool source, const ProgramAnswers& answers) {
    if (pattern.client() == "system") {
        return card_side(pattern, source);
    }
    Side side;
    bool wrong_way = false;
    std::vector<std::string> names;
    for (const auto& [client, answer] : answers) {
        if (!answer.good || !pattern.may_name(client)) {
            continue;
        }
        side.known = true;
        for (const AnsweredPort& port : answer.ports) {
            const std::string full = client + ":" + port.name;
            if (port.output == source) {
                names.push_back(full);
            }
            if (const auto star = pattern.match(full)) {
                wrong_way = wrong_way || port.output != source;
                if (port.output == source) {
                    side.stars.emplace(*star, port.midi);
                }
            }
        }
    }
    side.only_wrong_way = wrong_way && side.stars.empty();
    side.nearest = nearest_name(pattern.text(), names);
    return side;
}

class PatchCheck {
public:
    PatchCheck(const ProgramAnswers& answers, std::vector<SessionProblem>& problems)
        : answers_{answers}, problems_{problems} {}

    void look(const Connection& connection) {
        const Side source = side_of(connection.source, true, answers_);
        const Side sink = side_of(connection.sink, false, answers_);
        if ((source.only_wrong_way && (sink.only_wrong_way || !sink.known)) || (sink.only_wrong_way && !source.known)) {
            say(connection, "has its ends swapped: sound goes from an output to an input");
            return;
        }
        const bool both =
            good(connection, connection.source, source, "source") && good(connection, connection.sink, sink, "sink");
        if (both && source.known && sink.known && connection.source.has_star()) {
            compare_stars(connection, source, sink);
        } else if (both && source.known && sink.known && source.stars.begin()->second != sink.stars.begin()->second) {
            say(connection, "joins audio and MIDI: both ends must be of one kind");
        }
        if (!seen_.insert(connection.text()).second) {
            say(connection, "is listed twice", true);
        }
    }

private:
    void say(const Connection& connection, const std::string& what, bool warning = false) {
        problems_.push_back({connection.line, "connection '" + connection.text() + "' " + what, warning});
    }

    bool good(const Connection& connection, const PortPattern& pattern, const Side& side, const std::string& which) {
        if (!side.known || !side.stars.empty()) {
            return true;
        }
        if (side.only_wrong_way) {
            say(connection, "takes '" + pattern.text() + "' as its " + which + ", which is an " +
                                (which == "source" ? "input" : "output") + ": are its ends swapped?");
        } else {
            say(connection, "names '" + pattern.text() + "', a port that will not exist with these options" +
                                (side.nearest.empty() ? "" : ": did you mean '" + side.nearest + "'?"));
        }
        return false;
    }

    void compare_stars(const Connection& connection, const Side& source, const Side& sink) {
        const bool any = std::any_of(source.stars.begin(), source.stars.end(),
                                     [&](const auto& star) { return sink.stars.contains(star.first); });
        if (!any) {
            say(connection, "connects nothing: its * stands for '" + source.stars.begin()->first +
                                "' on the left and for '" + sink.stars.begin()->first + "' on the right");
        }
    }

    const ProgramAnswers& answers_;
    std::vector<SessionProblem>& problems_;
    std::set<std::string> seen_;
};

void warn_of_the_unheard(const SessionFile& session, const ProgramAnswers& answers,
                         std::vector<SessionProblem>& problems) {
    for (const ClientSpec& client : session.clients) {
        const auto answer = answers.find(client.name);
        const bool sounds =
            answer != answers.end() && std::any_of(answer->second.ports.begin(), answer->second.ports.end(),
                                                   [](const AnsweredPort& port) { return port.output && !port.midi; });
        const bool leads_on =
            std::any_of(session.connections.begin(), session.connections.end(),
                        [&](const Connection& connection) { return connection.source.may_name(client.name); });
        if (sounds && !leads_on && std::find(client.run.begin(), client.run.end(), "--connect") == client.run.end()) {
            problems.push_back(
                {client.line, "nothing hears client '" + client.name + "': no connection begins at it", true});
        }
    }
}

}  // namespace

void check_patch(const SessionFile& session, const ProgramAnswers& answers, std::vector<SessionProblem>& problems) {
    PatchCheck check{answers, problems};
    for (const Connection& connection : session.connections) {
        check.look(connection);
    }
    warn_of_the_unheard(session, answers, problems);
}

}  // namespace crowdjack
