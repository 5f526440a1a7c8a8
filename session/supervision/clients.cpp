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
constexpr auto term_patience = std::chrono::milliseconds{1000};
/// The next tier does not wait longer than this for a slow one before it.
constexpr auto tier_patience = std::chrono::milliseconds{3000};
/// A first process that ends well within this time of its start and leaves another behind is a daemon's.
constexpr SessionTime background_patience{10'000};
/// While a process becomes another program nobody can read whose it is.
constexpr SessionTime until_it_is_recognised{200};

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
    case ClientPhase::failing:
        return "failing";
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
    bool loud{true};           ///< its starts and ends are worth a line each
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
    client.tier_began = SessionClock::now();
    client.restarts.started(client.tier_began);
    if (!program) {
        not_started(client, "its program '" + client.spec.run.front() + "' is gone");
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
    try {
        client.process = ChildProcess::start(loop_, command,
                                             [this, &client](const Ending& ending) { client_ended(client, ending); });
    } catch (const Failure& failure) {
        not_started(client, failure.what());
        return;
    }
    client.ours = true;
    client.hung = false;
    client.phase = ClientPhase::starting;
    if (client.loud) {
        log_event(LogLevel::info, "client-started",
                  {{"client", client.spec.name}, {"pid", client.process->pid()}, {"resumed", client.resume}});
    }
    loop_.after(tier_patience, [this] { start_next(); });
    tell_changed();
}

void Clients::client_ready(Client& client) {
    if (client.phase != ClientPhase::starting) {
        return;
    }
    client.phase = ClientPhase::ready;
    client.restarts.ready(SessionClock::now());
    logs_.let_speak(client.spec.name, true);
    tell_changed();
    start_next();
}

void Clients::client_ended(Client& client, const Ending& how) {
    Ending ending = how;
    ending.by_us = client.hung;
    const bool was_ours = std::exchange(client.ours, false);
    client.process.reset();
    client.resume = true;
    if (was_ours && !stopped_ && see_who_is_left(client, ending)) {
        return;
    }
    if (stopped_) {
        client.phase = ClientPhase::ended;
        check_stopped();
        return;
    }
    if (!client.spec.restart || client.spec.run.empty()) {
        log_event(LogLevel::warning, "client-ended",
                  {{"client", client.spec.name}, {"how", ending.text()}, {"restart", false}});
        client.phase = client.spec.run.empty() ? ClientPhase::foreign : ClientPhase::ended;
        tell_changed();
        start_next();
        return;
    }
    start_again(client, ending);
}

bool Clients::may_be_in_background(const Client& client, const Ending& ending) {
    return ending.known && !ending.by_signal && ending.code == 0 &&
           SessionClock::now() - client.restarts.last_start() < background_patience;
}

bool Clients::adopt_from_background(Client& client) {
    const auto left = marked_processes(server_, client.spec.name);
    if (left.empty()) {
        return false;
    }
    log_event(LogLevel::info, "client-in-background",
              {{"client", client.spec.name}, {"pid", left.front()}, {"why", "its first process ended with 0"}});
    adopt(client, left.front(), true);
    return client.process.has_value();
}

bool Clients::see_who_is_left(Client& client, const Ending& ending) {
    if (may_be_in_background(client, ending) && adopt_from_background(client)) {
        return true;
    }
    const auto left = marked_processes(server_, client.spec.name);
    // Helpers of one that is gone would hold its ports and its sound card.
    for (const pid_t pid : left) {
        log_event(LogLevel::warning, "helper-killed", {{"client", client.spec.name}, {"pid", pid}});
        ::kill(pid, SIGKILL);
    }
    return false;
}

void Clients::not_started(Client& client, const std::string& why) {
    if (client.loud) {
        log_event(LogLevel::error, "client-not-started", {{"client", client.spec.name}, {"why", why}});
    }
    start_again(client, {false, 127, false, false});
}

void Clients::start_again(Client& client, const Ending& ending) {
    const bool was_failing = client.restarts.failing();
    const bool look_again = may_be_in_background(client, ending);
    Restart next = client.restarts.ended(SessionClock::now(), ending);
    if (look_again) {
        next.wait = std::max(next.wait, until_it_is_recognised);
    }
    if (client.loud) {
        log_event(LogLevel::warning, "client-ended",
                  {{"client", client.spec.name}, {"how", ending.text()}, {"restart_ms", next.wait.count()}});
    }
    if (crashed && next.said) {
        crashed(client.spec.name, ending.text(), client.restarts.starts());
    }
    if (client.restarts.failing() && (!was_failing || next.said)) {
        log_event(LogLevel::error, "client-keeps-ending",
                  {{"client", client.spec.name},
                   {"times", client.restarts.failures()},
                   {"how", ending.text()},
                   {"do", "see its last words above; it is tried again, up to every 30 s"}});
    }
    client.loud = !client.restarts.failing();
    logs_.let_speak(client.spec.name, next.said);
    client.phase = ClientPhase::waiting;
    client.backing_off = true;
    loop_.after(next.wait, [this, &client, look_again] {
        client.backing_off = false;
        if (look_again && !stopped_ && client.phase == ClientPhase::waiting && adopt_from_background(client)) {
            tell_changed();
        }
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
            client->process->signal_group(SIGTERM);
            client->process->signal_group(SIGCONT);  // a stopped one could not hear it
        }
    }
    loop_.after(term_patience, [this] {
        for (const auto& client : clients_) {
            if (client->process && client->ours) {
                log_event(LogLevel::warning, "client-killed",
                          {{"client", client->spec.name}, {"why", "it did not end"}});
                client->process->signal_group(SIGKILL);
            }
        }
    });
    check_stopped();
}

void Clients::check_stopped() {
    const bool any = std::any_of(clients_.begin(), clients_.end(),
                                 [](const auto& client) { return client->process && client->ours; });
    if (!any) {
        for (const auto& client : clients_) {
            for (const pid_t helper : marked_processes(server_, client->spec.name)) {
                ::kill(helper, SIGKILL);
            }
        }
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
        views.push_back({client->spec.name, shown_phase(*client), client->process ? client->process->pid() : 0,
                         client->restarts.starts(), client->ours, client->spec.watchdog,
                         client->spec.watchdog_asked && !client->spec.of_the_suite()});
    }
    return views;
}

bool Clients::is_coming(const std::string& name) const {
    const Client* client = find(name);
    const ClientPhase phase = client != nullptr ? shown_phase(*client) : ClientPhase::foreign;
    return phase == ClientPhase::waiting || phase == ClientPhase::starting;
}

ClientPhase Clients::shown_phase(const Client& client) {
    const bool on_its_way = client.phase == ClientPhase::waiting || client.phase == ClientPhase::starting;
    return on_its_way && client.restarts.failing() ? ClientPhase::failing : client.phase;
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
