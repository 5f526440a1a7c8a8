// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "common/registry.hpp"
#include "session/patch/wanted_graph.hpp"
#include "session/session_file.hpp"
#include "session/supervision/child_process.hpp"
#include "session/supervision/log_relay.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// Where a client of the session stands.
enum class ClientPhase {
    waiting,   ///< for its turn, for the server, or out its back-off
    starting,  ///< runs, but has not done anything yet
    ready,     ///< in the registry, or (other programs) its ports exist
    ended,     ///< and is not to be started again
    failing,   ///< keeps ending soon after its starts; tried again up to every 30 s
    foreign    ///< not ours to start or stop: on another machine, or nobody said how to run it
};

[[nodiscard]] const char* phase_text(ClientPhase phase);

/// Starts the clients of a session downstream first, finds those that run already, starts again what dies. Control
/// thread only; nothing here blocks.
class Clients {
public:
    /// @param wanted  says who is downstream of whom
    Clients(ControlLoop& loop, LogRelay& logs, const SessionFile& session, std::string server,
            const WantedGraph& wanted);
    ~Clients();

    /// Adopts what runs already; the rest starts, downstream first.
    /// @param earlier  pids of clients that an earlier run of this session started, by name
    void start(const std::map<std::string, pid_t>& earlier);

    /// No starts while there is no server to reach.
    void server_is(bool there);

    /// What the registry says now; call when it changed.
    void see_peers(const std::vector<PeerInfo>& peers);
    /// What the patchbay saw: the JACK clients that have ports, by plain name.
    void see_ports(const std::set<std::string>& clients_with_ports);

    /// Ends everything that is ours: SIGTERM, then SIGKILL after 1 s; then calls `finished`.
    void stop(std::function<void()> finished);

    /// The watchdog's verdict: kills it (unless it is not ours) to start it again.
    void kill_hung(const std::string& name);

    struct View {
        std::string name;
        ClientPhase phase{};
        pid_t pid{};
        int starts{};
        bool ours{};  ///< this session (or an earlier run of it) started it
        bool watchdog{};
        bool foreign_watched{};  ///< not of the suite, and the session file asks to kill it when it hangs
    };
    [[nodiscard]] std::vector<View> view() const;
    /// Not there yet, but on its way: starting, or about to be started (again).
    [[nodiscard]] bool is_coming(const std::string& name) const;
    /// The pids of all that is ours, by name.
    [[nodiscard]] std::map<std::string, pid_t> own_pids() const;

    /// Called when one ended that nobody told to: how, and how often it has been started.
    std::function<void(const std::string& client, const std::string& how, int starts)> crashed;

    /// Called when own_pids() or a phase changed.
    std::function<void()> changed;

private:
    struct Client;

    void start_next();
    void launch(Client& client);
    void adopt(Client& client, pid_t pid, bool ours);
    void client_ended(Client& client, const Ending& ending);
    /// Processes of that client that outlived its first one: taken for the client, or ended.
    [[nodiscard]] bool see_who_is_left(Client& client, const Ending& ending);
    [[nodiscard]] static bool may_be_in_background(const Client& client, const Ending& ending);
    [[nodiscard]] bool adopt_from_background(Client& client);
    void start_again(Client& client, const Ending& ending);
    void not_started(Client& client, const std::string& why);
    [[nodiscard]] static ClientPhase shown_phase(const Client& client);
    void client_ready(Client& client);
    void tell_changed() const;
    [[nodiscard]] Client* find(const std::string& name) const;
    void check_stopped();

    ControlLoop& loop_;
    LogRelay& logs_;
    std::string server_;
    bool movement_port_is_ours_;  ///< the front door has it: a follower here takes a free one
    std::vector<std::unique_ptr<Client>> clients_;
    bool server_there_{false};
    bool started_{false};
    std::function<void()> stopped_;
};

}  // namespace crowdjack
