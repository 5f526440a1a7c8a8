// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/session_run.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "common/registry.hpp"
#include "session/patch/patch_text.hpp"
#include "session/program_lookup.hpp"

#include <arpa/inet.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace crowdjack {

namespace {

/// Besides events: a killed owner makes none. A multiple of the watchdog's looks.
constexpr auto registry_look = std::chrono::milliseconds{200};
constexpr auto patchbay_goodbye = std::chrono::milliseconds{300};
constexpr auto server_goodbye = std::chrono::milliseconds{800};

/// The pids that an earlier run left in session.state, by name; "jackd" is the server's.
std::map<std::string, pid_t> pids_of_earlier_run(const std::string& server) {
    std::map<std::string, pid_t> pids;
    std::ifstream state{registry_folder(server) / "session.state"};
    for (std::string line; std::getline(state, line);) {
        std::istringstream words{line};
        std::string kind;
        std::string name;
        pid_t pid{};
        if (words >> kind >> pid && kind == "pid" && std::getline(words >> std::ws, name)) {
            pids[name] = pid;
        }
    }
    return pids;
}

std::set<std::string> suite_clients_of(const SessionFile& session) {
    std::set<std::string> names;
    for (const ClientSpec& client : session.clients) {
        if (client.of_the_suite()) {
            names.insert(client.name);
        }
    }
    return names;
}

std::map<std::string, std::string> vias_of(const SessionFile& session) {
    std::map<std::string, std::string> vias;
    for (const ClientSpec& client : session.clients) {
        if (!client.via.empty()) {
            vias[client.name] = client.via;
        }
    }
    return vias;
}

}  // namespace

SessionRun::SessionRun(ClientShell& shell, SessionFile session, Settings settings)
    : shell_{shell},
      session_{std::move(session)},
      settings_{std::move(settings)},
      wanted_{session_.connections, session_.keep},
      logs_{shell.loop(), [server = shell.server()] { return registry_folder(server) / "logs"; }},
      server_{shell.loop(), logs_, session_.jack, shell.server()},
      patchbay_{shell.loop(), shell.server(), wanted_, suite_clients_of(session_), [this] { patch_changed(); }},
      clients_{shell.loop(), logs_, session_, shell.server(), wanted_},
      watchdog_{shell, clients_},
      budget_{shell},
      decks_{shell.peers()},
      titles_{shell, decks_},
      tempo_{shell},
      setlist_{shell.loop(), logs_, shell.server()},
      programme_{shell, setlist_, std::move(settings_.plan)},
      guard_{shell,
             logs_,
             decks_,
             session_,
             {[this] { return session_.connections; }, [this] { return programme_.silence_is_meant(); }}},
      setlist_folders_{setlist_folders(session_, !shell.options().osc_bind.starts_with("127."))},
      remotes_{shell, vias_of(session_)},
      starter_{shell,
               decks_,
               remotes_,
               {[this](const std::string& deck) { return session_.client(deck) != nullptr || decks_.is_there(deck); },
                [this](const std::string& deck) { return wanted_.unmade_of(patchbay_.status()->graph, deck); }}},
      crowdstream_{{shell, decks_, starter_, tempo_}, {settings.legacy_levels, [this](double hz) { play_tone(hz); }}},
      movement_{{shell, decks_, starter_, tempo_}},
      native_{{shell, decks_, starter_, tempo_},
              {clients_, patchbay_, movement_, [this] { save_patch(); },
               [this](const std::string& csv) { setlist_.start_named(csv, setlist_folders_); },
               [this](OscMessage& state) { describe(state); }}},
      pass_through_{{shell, decks_, starter_, tempo_}} {
    shell_.hooks.ports = [](const std::string&) { return std::vector<PortSpec>{}; };
    shell_.hooks.connected = [this] { connected(); };
    shell_.hooks.disconnected = [this] { disconnected(); };
    shell_.hooks.save = [this] { return state_text(); };
    shell_.hooks.new_run = [this](bool began) { new_run(began); };
    shell_.hooks.stop = [this](std::function<void()> finished) { stop(std::move(finished)); };
    clients_.changed = [this] {
        shell_.state_moved();
        tell_service();
    };
    clients_.crashed = [this](const std::string& client, const std::string& how, int starts) {
        guard_.crashed(client, how, starts);
    };
    service_.keep_alive(shell_.loop());
    server_.changed = [this] { shell_.state_moved(); };
    shell_.peers().expected = [this](const std::string& peer) { return clients_.is_coming(peer); };
    decks_.changed = [this](const std::string&) { starter_.look_again(); };
    guard_door();
    if (settings_.patch_is_state) {
        shell_.hooks.restore = [this](const std::string& text) { restore_patch(text); };
        if (std::getenv("DISPLAY") != nullptr || std::getenv("WAYLAND_DISPLAY") != nullptr) {
            shell_.hooks.show_gui = [this](bool show) { return show_gui(show); };
        }
    } else {
        earlier_ = pids_of_earlier_run(shell_.server());
    }
}

void SessionRun::guard_door() {
    shell_.osc().guard([this](const OscEndpoint& sender, std::string_view address) {
        const std::string refusal = session_.access.refusal(ntohl(sender.address.sin_addr.s_addr), address);
        if (!refusal.empty()) {
            throw OscError{OscErrorCode::refused, refusal};
        }
    });
    if (!session_.osc_map.empty()) {
        shell_.osc().rename([this](std::string_view address) {
            const auto found = session_.osc_map.find(std::string{address});
            return found == session_.osc_map.end() ? std::string{} : found->second;
        });
    }
}

SessionRun::~SessionRun() {
    if (registry_fd_ >= 0) {
        shell_.loop().unwatch(registry_fd_);
        ::close(registry_fd_);
    }
}

bool SessionRun::ensure_server() {
    const auto found = earlier_.find("jackd");
    return server_.ensure(found != earlier_.end() ? found->second : 0);
}

void SessionRun::connected() {
    server_.reached();
    watchdog_.forget_all();
    if (!begun_) {
        begun_ = true;
        watch_registry();
        patchbay_.start();
        clients_.start(earlier_);
    }
    clients_.server_is(true);
    patchbay_.server_is(true);
    tempo_.server_is_back();
    starter_.server_is_back();
    service_.say("READY=1");
    tell_service();
}

void SessionRun::disconnected() {
    service_.say("STATUS=the JACK server is away");
    server_.lost();
    told_.clear();
    patchbay_.server_is(false);
    clients_.server_is(false);
    tempo_.frames_are_void();
    remotes_.frames_are_void();
    starter_.frames_are_void();
    crowdstream_.frames_are_void();
}

void SessionRun::watch_registry() {
    registry_fd_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (registry_fd_ >= 0) {
        shell_.loop().watch(registry_fd_, [this] {
            std::array<char, 4096> events{};
            while (::read(registry_fd_, events.data(), events.size()) > 0) {
            }
            registry_changed();
        });
    }
    shell_.loop().every(registry_look, [this] {
        follow_registry_folder();
        registry_changed();
    });
    follow_registry_folder();
}

/// The folder may have been removed and made again: then it is another one, with no watch on it. (On the same one, this
/// changes nothing.)
void SessionRun::follow_registry_folder() const {
    if (registry_fd_ >= 0) {
        (void)::inotify_add_watch(registry_fd_, registry_path(shell_.server()).c_str(),
                                  IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
    }
}

void SessionRun::registry_changed() {
    const std::vector<PeerInfo> peers = shell_.peers().look_now();
    clients_.see_peers(peers);
    watchdog_.see_peers(peers);
    decks_.see_peers(peers);
    guard_.see_peers(peers);
    tempo_.see_peers(peers);
    crowdstream_.see_peers(peers);
    std::map<std::string, std::string> names;
    for (const PeerInfo& peer : peers) {
        names[peer.jack] = peer.name;
    }
    if (names != jack_names_) {  // a listed plain name may mean another JACK client now
        jack_names_ = std::move(names);
        patchbay_.wake();
    }
    starter_.look_again();
}

void SessionRun::patch_changed() {
    const auto status = patchbay_.status();
    std::set<std::string> clients_with_ports;
    for (const PortView& port : status->graph.ports) {
        clients_with_ports.insert(client_of(listed_name(port)));
    }
    clients_.see_ports(clients_with_ports);
    watchdog_.see_patch(*status);
    starter_.look_again();
    if (status->complete()) {
        programme_.patch_is_whole();
        if (!std::exchange(was_whole_, true)) {
            guard_.started();
        }
    }
    tell_service();
    if (settings_.patch_is_state) {
        if (status->connected) {
            remember_patch();
        } else {
            memory_.forget_seen();
        }
    }
}

void SessionRun::remember_patch() {
    const auto status = patchbay_.status();
    if (memory_.look(status->graph, std::chrono::steady_clock::now())) {
        session_.connections = memory_.wanted();
        wanted_.relist(memory_.wanted(), status->graph);
        patchbay_.relist(memory_.wanted(), status->graph);
        shell_.state_changed();  // the user patched: worth saving
    }
    if (memory_.undecided() && !std::exchange(memory_look_due_, true)) {
        shell_.loop().after(PatchMemory::decision, [this] {
            memory_look_due_ = false;
            remember_patch();
        });
    }
}

/// The server's clock begins anew under ports that stay: only what hangs on frames does, too.
void SessionRun::new_run(bool began) {
    if (began) {
        tempo_.server_is_back();
        starter_.server_is_back();
    } else {
        tempo_.frames_are_void();
        remotes_.frames_are_void();
        starter_.frames_are_void();
        crowdstream_.frames_are_void();
    }
}

/// The suite as a picture, in a terminal of its own: under a session manager there is no other.
bool SessionRun::show_gui(bool show) {
    if (!show) {
        if (gui_) {
            gui_->signal(SIGTERM);
            gui_.reset();
        }
        return false;
    }
    if (!gui_) {
        std::error_code failed;
        const auto self = std::filesystem::read_symlink("/proc/self/exe", failed);
        gui_ = ChildProcess::start(shell_.loop(),
                                   {{"/usr/bin/env", "x-terminal-emulator", "-e", self.string(), "status", "--watch",
                                     "--server", shell_.server()},
                                    {{"NSM_URL", ""}},
                                    logs_.channel("gui")},
                                   [this](const Ending&) {
                                       gui_.reset();
                                       shell_.view_closed();
                                   });
    }
    return gui_.has_value();
}

/// What `systemctl status` shows.
void SessionRun::tell_service() {
    if (!service_.asked_for() || !shell_.has_jack()) {
        return;
    }
    const auto patch = patchbay_.status();
    std::string text =
        "STATUS=" + std::to_string(patch->made) + " of " + std::to_string(patch->wanted) + " connections";
    for (const Clients::View& client : clients_.view()) {
        text += client.phase == ClientPhase::failing ? ", " + client.name + " keeps ending" : "";
    }
    if (text != told_) {
        told_ = text;
        service_.say(text);
    }
}

void SessionRun::describe(OscMessage& state) const {
    state.text("silent").flag(guard_.silent());
    state.text("fallback").flag(guard_.fallback_plays());
    state.text("server_failures").integer(server_.failures());
    if (programme_.closed()) {
        state.text("setlist").text("closed");
    } else if (setlist_.wanted()) {
        state.text("setlist").text(setlist_.failing() ? "failing" : "playing");
    }
}

void SessionRun::stop(std::function<void()> finished) {
    service_.say("STOPPING=1");
    logs_.let_speak("jackd", false);                // it complains of each client that leaves
    patchbay_.want(WantedGraph{{}, Keep::wanted});  // ports vanish now one by one: nothing is to be joined any more
    setlist_.stop();
    end_tones();
    static_cast<void>(show_gui(false));
    clients_.stop(std::move(finished));
}

bool SessionRun::strangers_use_the_server() const {
    const GraphView& graph = patchbay_.status()->graph;
    return std::any_of(graph.ports.begin(), graph.ports.end(), [this](const PortView& port) {
        const std::string client = client_of(listed_name(port));
        return !port.physical && client != "system" && session_.client(client) == nullptr &&
               !client.starts_with(Patchbay::exempt_prefix);
    });
}

void SessionRun::finish() {
    logs_.drain();
    const bool needed = strangers_use_the_server();
    patchbay_.stop(patchbay_goodbye);
    if (needed && server_.own_pid() > 0) {
        log_event(LogLevel::info, "jack-server-left-running", {{"why", "other clients use it"}});
        return;
    }
    server_.stop(server_goodbye);
    logs_.drain();
}

void SessionRun::restore_patch(const std::string& text) {
    std::vector<SessionProblem> problems;
    const SessionFile saved = parse_session(text, "the saved patch", problems);
    for (const SessionProblem& problem : problems) {
        if (!problem.warning) {
            throw Failure{problem_text(saved.path, problem)};
        }
    }
    session_.connections = saved.connections;
    wanted_ = WantedGraph{saved.connections, session_.keep};
    memory_.restore(saved.connections);
    patchbay_.want(wanted_);
}

void SessionRun::save_patch() {
    if (settings_.patch_is_state) {
        shell_.state_changed();
        return;
    }
    const auto status = patchbay_.status();
    if (!status->connected) {
        throw Failure{"there is no JACK server to look at"};
    }
    const std::string text =
        with_patch(read_session_text(session_.path), present_patch(session_.connections, status->graph));
    write_session_text(session_.path, text);
    std::vector<SessionProblem> problems;
    const SessionFile saved = parse_session(text, session_.path, problems);
    session_.connections = saved.connections;
    wanted_ = WantedGraph{saved.connections, session_.keep};
    patchbay_.want(wanted_);
    log_event(LogLevel::info, "patch-saved",
              {{"file", session_.path.string()}, {"connections", saved.connections.size()}});
}

void SessionRun::play_tone(double hz) {
    if (!shell_.has_jack()) {
        throw OscError{OscErrorCode::not_ready, "there is no JACK server"};
    }
    // The one before ends, and is waited for as well.
    end_tones();
    const int number = ++last_tone_;
    tones_.emplace(number, ChildProcess::start(
                               shell_.loop(),
                               {{"/proc/self/exe", "tone", "--hz", std::to_string(hz), "--server", shell_.server()},
                                {{"NSM_URL", ""}},
                                logs_.channel("tone")},
                               [this, number](const Ending&) { tones_.erase(number); }));
}

void SessionRun::end_tones() {
    for (const auto& [number, tone] : tones_) {
        tone.signal(SIGTERM);
    }
}

std::string SessionRun::state_text() const {
    if (settings_.patch_is_state) {
        std::vector<std::string> lines;
        for (const Connection& connection : memory_.wanted()) {
            lines.push_back(connection.text());
        }
        return with_patch("", lines);
    }
    std::ostringstream text;
    for (const auto& [name, pid] : clients_.own_pids()) {
        text << "pid " << pid << " " << name << "\n";
    }
    if (server_.own_pid() > 0) {
        text << "pid " << server_.own_pid() << " jackd\n";
    }
    return text.str();
}

}  // namespace crowdjack
