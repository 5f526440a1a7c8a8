// SPDX-License-Identifier: GPL-3.0-or-later
// From TOML text to a SessionFile, with every mistake named by its line.
#include "common/error.hpp"
#include "common/osc_endpoint.hpp"
#include "common/protocol/description.hpp"
#include "session/session_file.hpp"
#include "session/session_paths.hpp"
#include "session/toml_bound.hpp"
#include "session/toml_table.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace crowdjack {

namespace {

void read_jack(const toml::table& table, JackSpec& jack, std::vector<SessionProblem>& problems) {
    TableReader reader{table, "[jack]", problems};
    reader.text("server", jack.server);
    reader.truth("autostart", jack.autostart);
    reader.choice("driver", jack.driver, {"dummy", "alsa", "net", "netone", "firewire", "coreaudio", "portaudio"});
    reader.text("device", jack.device);
    reader.number("rate", jack.rate, 8000, 384'000);
    reader.number("period", jack.period, 16, 8192);
    reader.number("periods", jack.periods, 2, 16);
    reader.texts("options", jack.options);
    reader.texts("internal", jack.internal);
    if (jack.server.find('/') != std::string::npos) {
        reader.problem(line_of(*table.get("server")), "server in [jack] must be a plain name without '/'");
    }
    reader.refuse_unknown_keys();
}

/// `"/1/fader1" = "/mixer/A/gain"`
void read_map(const toml::table& table, SessionFile& session, const TableReader& reader) {
    for (const auto& [key, node] : table) {
        const std::string name{key.str()};
        const auto address = node.value_exact<std::string>();
        if (!name.starts_with('/') || !address) {
            reader.problem(line_of(node), "map in [osc] needs lines like \"/1/fader1\" = \"/mixer/A/gain\"");
        } else if (protocol::description_of(*address) == nullptr && !protocol::resolve(*address)) {
            const std::string near = protocol::nearest_address(*address);
            reader.problem(line_of(node), "map in [osc]: there is no address '" + *address + "'" +
                                              (near.empty() ? "" : ": did you mean " + near + "?"));
        } else {
            session.osc_map[name] = *address;
        }
    }
}

void read_access(TableReader& reader, const toml::table& table, Access& access) {
    std::vector<std::string> allowed;
    reader.texts("allow", allowed);
    for (const std::string& text : allowed) {
        if (const auto range = HostRange::parse(text)) {
            access.allow.push_back(*range);
        } else {
            reader.problem(line_of(*table.get("allow")),
                           "allow in [osc]: '" + text + "' is no host or network, e.g. \"10.0.0.0/24\"");
        }
    }
    std::string remote{"play"};
    reader.choice("remote", remote, {"reports", "play", "all"});
    access.remote = remote == "reports" ? Remote::reports : remote == "all" ? Remote::all : Remote::play;
}

void read_osc(const toml::table& table, SessionFile& session, std::vector<SessionProblem>& problems) {
    TableReader reader{table, "[osc]", problems};
    std::vector<std::uint16_t>& ports = session.osc_ports;
    read_access(reader, table, session.access);
    if (const toml::table* map = reader.table("map")) {
        read_map(*map, session, reader);
    }
    if (table.contains("port") && table.contains("ports")) {
        reader.problem(line_of(*table.get("port")), "[osc] has both 'port' and 'ports': keep one");
    }
    std::uint16_t port = 0;
    reader.number("port", port, 0, 65535);
    if (table.contains("port")) {
        ports = {port};
    }
    if (const toml::array* list = reader.array("ports", "a list of port numbers, e.g. [57120, 57122]")) {
        ports.clear();
        for (const toml::node& node : *list) {
            if (!reader.read_number("ports", node, port, 0, 65535)) {
                continue;
            }
            if (port != 0 && std::find(ports.begin(), ports.end(), port) != ports.end()) {
                reader.problem(line_of(node), "port " + std::to_string(port) + " is listed twice in [osc] ports");
            }
            ports.push_back(port);
        }
        if (list->empty()) {
            reader.problem(line_of(*list), "ports in [osc] must name at least one port");
        }
    }
    reader.refuse_unknown_keys();
}

void read_music(const toml::table& table, SessionFile& session, std::vector<SessionProblem>& problems) {
    TableReader reader{table, "[music]", problems};
    std::vector<std::string> dirs;
    reader.texts("dirs", dirs);
    for (const std::string& dir : dirs) {
        session.music.push_back(beside_session(dir, session.path));
    }
    reader.refuse_unknown_keys();
}

/// What is wrong with a client's name, or "".
std::string name_error(const std::string& name) {
    if (name.empty()) {
        return "a [[client]] needs a name, e.g. name = \"deck-A\"";
    }
    if (name.size() > 60 || name.find_first_of("/:*\n") != std::string::npos || name == "." || name == "..") {
        return "client name '" + name + "' must be at most 60 characters without / : and *";
    }
    if (name == "system" || name == "session") {
        return "client name '" + name + "' is taken: 'system' is the sound card, 'session' this program";
    }
    return {};
}

ClientSpec read_client(const toml::table& table, std::vector<SessionProblem>& problems) {
    ClientSpec client;
    client.line = line_of(table);
    TableReader reader{table, "[[client]]", problems};
    reader.text("name", client.name);
    reader.texts("run", client.run);
    reader.text("url", client.url);
    reader.text("via", client.via);
    reader.truth("restart", client.restart);
    reader.truth("watchdog", client.watchdog);
    client.watchdog_asked = client.watchdog && table.contains("watchdog");
    reader.refuse_unknown_keys();
    if (const toml::node* name = table.get("name"); name == nullptr || name->is_string()) {
        if (const std::string error = name_error(client.name); !error.empty()) {
            reader.problem(name == nullptr ? client.line : line_of(*name), error);
        }
    }
    if (const toml::node* run = table.get("run"); run != nullptr && run->is_array()) {
        client.run_line = line_of(*run);
        if (client.run.empty() || client.run.front().empty()) {
            reader.problem(line_of(*run), "run of client '" + client.name + "' names no program");
        } else if (!client.url.empty()) {
            reader.problem(line_of(*run), "client '" + client.name +
                                              "' has both run and url: a client with a url runs on another machine");
        }
    }
    if (const toml::node* url = table.get("url"); url != nullptr && url->is_string()) {
        try {
            OscEndpoint::check_form(client.url);
        } catch (const Failure& failure) {
            reader.problem(line_of(*url), "url of client '" + client.name + "': " + failure.what());
        }
    }
    if (const toml::node* via = table.get("via"); via != nullptr && via->is_string() && client.url.empty()) {
        reader.problem(line_of(*via), "client '" + client.name +
                                          "' has via but no url: only a client on another machine is heard through "
                                          "another one");
    }
    return client;
}

void read_clients(const toml::array& list, SessionFile& session, std::vector<SessionProblem>& problems) {
    for (const toml::node& node : list) {
        const toml::table* table = node.as_table();
        if (table == nullptr) {
            problems.push_back({line_of(node), "client must be written as [[client]] tables"});
            continue;
        }
        ClientSpec client = read_client(*table, problems);
        if (const ClientSpec* first = session.client(client.name); first != nullptr && !client.name.empty()) {
            const toml::node* name = table->get("name");
            problems.push_back({line_of(*name), "client '" + client.name + "' is listed twice (first on line " +
                                                    std::to_string(first->line) + "): names must differ"});
            continue;
        }
        session.clients.push_back(std::move(client));
    }
}

/// A connection may name programs that are not listed here; but one that is nearly a listed name is worth a word.
void warn_of_near_names(const toml::node& node, const Connection& connection, const SessionFile& session,
                        std::vector<SessionProblem>& problems) {
    std::vector<std::string> names{"system"};
    for (const ClientSpec& client : session.clients) {
        names.push_back(client.name);
    }
    for (const PortPattern* side : {&connection.source, &connection.sink}) {
        const bool known =
            std::any_of(names.begin(), names.end(), [&](const auto& name) { return side->may_name(name); });
        if (known) {
            continue;
        }
        const std::string near = TableReader::suggestion(side->client(), names);
        if (!near.empty()) {
            problems.push_back({line_of(node),
                                "connection '" + connection.text() + "' names '" + side->client() +
                                    "', which is no client of this session" + near,
                                true});
        }
    }
}

void read_patch(const toml::table& table, SessionFile& session, std::vector<SessionProblem>& problems) {
    TableReader reader{table, "[patch]", problems};
    std::string keep{"wanted"};
    reader.choice("keep", keep, {"wanted", "exact", "once"});
    session.keep = keep == "exact" ? Keep::exact : keep == "once" ? Keep::once : Keep::wanted;
    if (const toml::array* list =
            reader.array("connect", "a list of connections, e.g. [\"deck-A:out_* -> mixer-bus:A_*\"]")) {
        for (const toml::node& node : *list) {
            const auto text = node.value_exact<std::string>();
            if (!text) {
                reader.wrong_type("connect", node, "a list of texts like \"client:port -> client:port\"");
                continue;
            }
            std::string why;
            auto connection = parse_connection(*text, why);
            if (!connection) {
                reader.problem(line_of(node), "connection '" + *text + "' is malformed: " + why +
                                                  " (right is e.g. \"deck-A:out_* -> mixer-bus:A_*\")");
                continue;
            }
            connection->line = line_of(node);
            warn_of_near_names(node, *connection, session, problems);
            session.connections.push_back(std::move(*connection));
        }
    }
    reader.refuse_unknown_keys();
}

void read_guard(const toml::table& table, GuardSpec& guard, std::vector<SessionProblem>& problems) {
    TableReader reader{table, "[guard]", problems};
    guard.line = line_of(table);
    reader.texts("on_silence", guard.on_silence);
    reader.texts("on_crash", guard.on_crash);
    reader.texts("on_start", guard.on_start);
    reader.text("fallback", guard.fallback);
    reader.refuse_unknown_keys();
}

void read_setlist(const toml::table& table, SessionFile& session, std::vector<SessionProblem>& problems) {
    TableReader reader{table, "[setlist]", problems};
    SetlistSpec& setlist = session.setlist;
    setlist.line = line_of(table);
    std::string source;
    std::string hours;
    std::string played_out;
    reader.text("source", source);
    reader.text("hours", hours);
    reader.number("seed", setlist.seed, 0, std::numeric_limits<std::int64_t>::max());
    // As the option is written, and as keys are.
    reader.text("played_out", played_out);
    reader.text("played-out", played_out);
    reader.real("lufs", setlist.lufs, -60.0, 0.0);
    reader.truth("harmonic", setlist.harmonic);
    reader.truth("in_order", setlist.in_order);
    reader.truth("in-order", setlist.in_order);
    reader.text("decks", setlist.decks);
    if (source.empty()) {
        reader.problem(setlist.line, "[setlist] needs a source: a folder of music, a playlist or an export's CSV");
    } else {
        setlist.source = beside_session(source, session.path);
    }
    if (!played_out.empty()) {
        setlist.played_out = beside_session(played_out, session.path);
    }
    if (const toml::node* node = table.get("hours"); node != nullptr && node->is_string()) {
        if (const auto parsed = OpeningHours::parse(hours)) {
            setlist.hours = *parsed;
        } else {
            reader.problem(line_of(*node),
                           "hours in [setlist] must be written as \"18:00-02:00\", several with commas");
        }
    }
    reader.refuse_unknown_keys();
}

}  // namespace

std::vector<std::string> SetlistSpec::options(std::uint64_t beginning) const {
    std::vector<std::string> words{"--seed", std::to_string(seed + beginning)};
    if (!played_out.empty()) {
        words.insert(words.end(), {"--played-out", played_out.string()});
    }
    if (lufs) {
        words.insert(words.end(), {"--lufs=" + std::to_string(*lufs)});
    }
    if (!decks.empty()) {
        words.insert(words.end(), {"--decks", decks});
    }
    for (const auto& [wanted, option] : {std::pair{harmonic, "--harmonic"}, std::pair{in_order, "--in-order"}}) {
        if (wanted) {
            words.emplace_back(option);
        }
    }
    return words;
}

SessionFile parse_session(const std::string& text, const std::filesystem::path& path,
                          std::vector<SessionProblem>& problems) {
    SessionFile session;
    session.path = path;
    toml::table root;
    if (const SessionProblem bound = toml_bound(text); !bound.what.empty()) {
        problems.push_back(bound);
        return session;
    }
    try {
        root = toml::parse(text);
    } catch (const toml::parse_error& error) {
        problems.push_back(
            {static_cast<int>(error.source().begin.line), "this is no TOML: " + std::string{error.description()}});
        return session;
    }
    TableReader reader{root, "the session file", problems};
    if (const toml::table* jack = reader.table("jack")) {
        read_jack(*jack, session.jack, problems);
    }
    if (const toml::table* osc = reader.table("osc")) {
        read_osc(*osc, session, problems);
    }
    if (const toml::table* music = reader.table("music")) {
        read_music(*music, session, problems);
    }
    if (const toml::array* clients = reader.array("client", "written as [[client]] tables")) {
        read_clients(*clients, session, problems);
    }
    if (const toml::table* guard = reader.table("guard")) {
        read_guard(*guard, session.guard, problems);
    }
    if (const toml::table* setlist = reader.table("setlist")) {
        read_setlist(*setlist, session, problems);
    }
    if (const toml::table* patch = reader.table("patch")) {
        read_patch(*patch, session, problems);
    }
    reader.refuse_unknown_keys();
    std::stable_sort(problems.begin(), problems.end(),
                     [](const SessionProblem& a, const SessionProblem& b) { return a.line < b.line; });
    return session;
}

}  // namespace crowdjack
