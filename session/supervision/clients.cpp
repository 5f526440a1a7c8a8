// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/supervision/clients.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "session/program_lookup.hpp"
#include "session/session_clock.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace crowdjack {

namespace {

/// Where a follower listens that was told nothing else.
constexpr std::uint16_t movement_port = 57122;
constexpr const char* client_mark = "CROWDJACK_CLIENT";
constexpr auto term_patience = std::chrono::milliseconds{1000};
/// The next tier does not wait longer than this for a slow one before it.
constexpr auto tier_patience = std::chrono::milliseconds{3000};

bool has_mark(pid_t pid, const std::string& server, const std::string& client) {
    return environment_of(pid, session_mark) == server && environment_of(pid, client_mark) == client;
}

/// As `--option VALUE` or `--option=VALUE`.
bool has_option(const std::vector<std::string>& words, const std::string& option) {
    return std::any_of(words.begin(), words.end(),
                       [&](const std::string& word) { return word == option || word.starts_with(option + "="); });
}

}  // namespace

const char* phase_text(ClientPhase phase) {
    switch (phase) {
    case ClientPhase::waiting:
        return "waiting";
    case ClientPhase::starting:
        return "starting";
    case ClientPhase::ready:
        return "ready";
    case ClientPhase::ended:
        return "ended";
    case ClientPhase::given_up:
        return "given-up";
    case ClientPhase::foreign:
        return "foreign";
    }
    return "";
}

struct Clients::Client {
    ClientSpec spec;
    int depth{};  ///< from the end of the signal path; 0 starts first
    ClientPhase phase{ClientPhase::waiting};
    RestartPolicy restarts;
    std::optional<ChildProcess> process;
    bool ours{};               ///< a session's mark is in its environment
    bool hung{};               ///< the watchdog killed it
    bool resume{};             ///< its next start takes up where it was
    bool backing_off{};        ///< a timer will start it
    SessionTime tier_began{};  ///< when it was first told to start
};

Clients::Clients(ControlLoop& loop, LogRelay& logs, const SessionFile& session, std::string server,
                 const WantedGraph& wanted)
    : loop_{loop},
      logs_{logs},
      server_{std::move(server)},
      movement_port_is_ours_{std::find(session.osc_ports.begin(), session.osc_ports.end(), movement_port) !=
                             session.osc_ports.end()} {
    std::vector<std::string> names;
    for (const ClientSpec& spec : session.clients) {
        names.push_back(spec.name);
    }
    const auto depths = wanted.depths(names);
    for (const ClientSpec& spec : session.clients) {
        auto client = std::make_unique<Client>();
        client->spec = spec;
        client->depth = depths.at(spec.name);
        client->phase = spec.run.empty() ? ClientPhase::foreign : ClientPhase::waiting;
        clients_.push_back(std::move(client));
    }
    std::stable_sort(clients_.begin(), clients_.end(),
                     [](const auto& a, const auto& b) { return a->depth < b->depth; });
}

Clients::~Clients() = default;

void Clients::start(const std::map<std::string, pid_t>& earlier) {
    for (const auto& [name, pid] : earlier) {
        Client* client = find(name);
        if (client != nullptr && client->phase == ClientPhase::waiting && has_mark(pid, server_, name)) {
            adopt(*client, pid, true);
        }
    }
    see_peers(list_peers(server_));
    started_ = true;
    start_next();
}

void Clients::adopt(Client& client, pid_t pid, bool ours) {
    client.process =
        ChildProcess::adopt(loop_, pid, [this, &client](const Ending& ending) { client_ended(client, ending); });
    if (!client.process) {
        return;
    }
    client.ours = ours;
    client.phase = ClientPhase::starting;
    client.restarts.started(SessionClock::now());
    if (ours) {
        (void)logs_.channel(client.spec.name);
    }
    log_event(LogLevel::info, "client-found", {{"client", client.spec.name}, {"pid", pid}, {"ours", ours}});
}

void Clients::start_next() {
    if (!started_ || !server_there_ || stopped_) {
        return;
    }
    // Clients are sorted by depth: stop at the first whose tier has to wait for the one before.
    int busy_depth = -1;
    for (const auto& client : clients_) {
        if (busy_depth >= 0 && client->depth > busy_depth) {
            break;
        }
        if (client->phase == ClientPhase::waiting && !client->backing_off) {
            launch(*client);
        }
        const bool on_its_way = client->phase == ClientPhase::starting && client->restarts.starts() == 1 &&
                                SessionClock::now() - client->tier_began < tier_patience;
        if (on_its_way) {
            busy_depth = client->depth;
        }
    }
}

void Clients::launch(Client& client) {
    const auto program = find_program(client.spec.run.front(), program_folders());
    if (!program) {
        log_event(LogLevel::error, "client-not-started",
                  {{"client", client.spec.name}, {"why", "its program is gone"}, {"program", client.spec.run.front()}});
        client.phase = ClientPhase::given_up;
        tell_changed();
        return;
    }
    ChildCommand command{client.spec.run,
                         {{session_mark, server_},
                          {client_mark, client.spec.name},
                          {"JACK_DEFAULT_SERVER", server_},
                          {"JACK_NO_START_SERVER", "1"},
                          {"NSM_URL", ""}},
                         logs_.channel(client.spec.name)};
    command.arguments.front() = program->string();
    if (client.spec.of_the_suite()) {
        const auto& words = client.spec.run;
        if (!has_option(words, "--client-name")) {
            // So that it enters the registry under the name by which the session file knows it.
            command.arguments.insert(command.arguments.end(), {"--client-name", client.spec.name});
        }
        if (program->filename() == "crowdjack-bpm-follower" && movement_port_is_ours_ &&
            !has_option(words, "--osc-port") && !has_option(words, "--config")) {
            command.arguments.insert(command.arguments.end(), {"--osc-port", "0"});
        }
        if (client.resume) {
            command.arguments.emplace_back("--resume");
        }
    }
    const SessionTime now = SessionClock::now();
    client.tier_began = now;
    client.restarts.started(now);
    try {
        client.process = ChildProcess::start(loop_, command,
                                             [this, &client](const Ending& ending) { client_ended(client, ending); });
    } catch (const Failure& failure) {
        log_event(LogLevel::error, "client-not-started", {{"client", client.spec.name}, {"why", failure.what()}});
        client.phase = ClientPhase::given_up;
        tell_changed();
        return;
    }
    client.ours = true;
    client.hung = false;
    client.phase = ClientPhase::starting;
    log_event(LogLevel::info, "client-started",
              {{"client", client.spec.name}, {"pid", client.process->pid()}, {"resumed", client.resume}});
    loop_.after(tier_patience, [this] { start_next(); });
    tell_changed();
}

void Clients::client_ready(Client& client) {
    if (client.phase != ClientPhase::starting) {
        return;
    }
    client.phase = ClientPhase::ready;
    client.restarts.ready(SessionClock::now());
    tell_changed();
    start_next();
}

void Clients::client_ended(Client& client, const Ending& how) {
    Ending ending = how;
    ending.by_us = client.hung;
    client.process.reset();
    client.ours = false;
    client.resume = true;
    if (stopped_) {
        client.phase = ClientPhase::ended;
        check_stopped();
        return;
    }
    log_event(LogLevel::warning, "client-ended",
              {{"client", client.spec.name}, {"how", ending.text()}, {"restart", client.spec.restart}});
    if (!client.spec.restart || client.spec.run.empty()) {
        client.phase = client.spec.run.empty() ? ClientPhase::foreign : ClientPhase::ended;
        tell_changed();
        start_next();
        return;
    }
    const auto wait = client.restarts.ended(SessionClock::now(), ending);
    if (!wait) {
        client.phase = ClientPhase::given_up;
        log_event(LogLevel::error, "client-given-up",
                  {{"client", client.spec.name},
                   {"why", "it keeps ending soon after its start (" + ending.text() + ")"},
                   {"do", "see its last words above; then restart the session"}});
        tell_changed();
        start_next();
        return;
    }
    client.phase = ClientPhase::waiting;
    client.backing_off = true;
    loop_.after(*wait, [this, &client] {
        client.backing_off = false;
        start_next();
    });
    tell_changed();
}

void Clients::server_is(bool there) {
    server_there_ = there;
    start_next();
}

void Clients::see_peers(const std::vector<PeerInfo>& peers) {
    for (const PeerInfo& peer : peers) {
        Client* client = find(peer.name);
        if (client == nullptr || !client->spec.url.empty()) {
            continue;
        }
        if (client->process && client->process->pid() == peer.pid) {
            client_ready(*client);
        } else if (!client->process && !stopped_) {
            // Somebody runs it already: an earlier session, or the user by hand.
            adopt(*client, peer.pid, has_mark(peer.pid, server_, peer.name));
            client_ready(*client);
        }
    }
}

void Clients::see_ports(const std::set<std::string>& clients_with_ports) {
    for (const auto& client : clients_) {
        if (!client->spec.of_the_suite() && clients_with_ports.contains(client->spec.name)) {
            client_ready(*client);
        }
    }
}

void Clients::stop(std::function<void()> finished) {
    stopped_ = std::move(finished);
    for (const auto& client : clients_) {
        if (client->process && client->ours) {
            client->process->signal(SIGTERM);
            client->process->signal(SIGCONT);  // a stopped one could not hear it
        }
    }
    loop_.after(term_patience, [this] {
        for (const auto& client : clients_) {
            if (client->process && client->ours) {
                log_event(LogLevel::warning, "client-killed",
                          {{"client", client->spec.name}, {"why", "it did not end"}});
                client->process->signal(SIGKILL);
            }
        }
    });
    check_stopped();
}

void Clients::check_stopped() {
    const bool any = std::any_of(clients_.begin(), clients_.end(),
                                 [](const auto& client) { return client->process && client->ours; });
    if (!any) {
        stopped_();
    }
}

void Clients::kill_hung(const std::string& name) {
    Client* client = find(name);
    if (client == nullptr || !client->process || stopped_) {  // at the end they leave JACK before they end
        return;
    }
    log_event(LogLevel::error, "client-hangs",
              {{"client", name},
               {"pid", client->process->pid()},
               {"why", "its audio thread stands still while JACK runs"},
               {"killed", client->ours}});
    if (client->ours) {
        client->hung = true;
        client->process->signal(SIGKILL);
    }
}

std::vector<Clients::View> Clients::view() const {
    std::vector<View> views;
    for (const auto& client : clients_) {
        views.push_back({client->spec.name, client->phase, client->process ? client->process->pid() : 0,
                         client->restarts.starts(), client->ours, client->spec.watchdog});
    }
    return views;
}

bool Clients::is_coming(const std::string& name) const {
    const Client* client = find(name);
    return client != nullptr && (client->phase == ClientPhase::waiting || client->phase == ClientPhase::starting);
}

std::map<std::string, pid_t> Clients::own_pids() const {
    std::map<std::string, pid_t> pids;
    for (const auto& client : clients_) {
        if (client->process && client->ours) {
            pids[client->spec.name] = client->process->pid();
        }
    }
    return pids;
}

void Clients::tell_changed() const {
    if (changed) {
        changed();
    }
}

Clients::Client* Clients::find(const std::string& name) const {
    const auto found =
        std::find_if(clients_.begin(), clients_.end(), [&](const auto& client) { return client->spec.name == name; });
    return found == clients_.end() ? nullptr : found->get();
}

}  // namespace crowdjack
