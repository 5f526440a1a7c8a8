// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/common_options.hpp"
#include "common/control_loop.hpp"
#include "common/jack_client.hpp"
#include "common/nsm_client.hpp"
#include "common/osc_server.hpp"
#include "common/peers.hpp"
#include "common/registry.hpp"
#include "common/state_trial.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// Everything a crowdjack JACK client has beside its job: control loop, OSC, JACK, registry entry, pulse, state file,
/// session managers (NSM, JACK session), signals and the orderly end.
///
/// main builds one, registers its OSC handlers, sets the hooks it needs and calls run(). Control thread only.
class ClientShell {
public:
    struct Identity {
        std::string kind;  ///< deck | mixer-bus | bpm-follower | session
        std::vector<std::string>
            names;               ///< plain names, e.g. deck-A; the first free one is taken. --client-name overrides
        std::string executable;  ///< crowdjack-deck, as announced to NSM
        std::string label;       ///< "crowdjack deck", for NSM
    };

    /// Hooks; each but `ports` may be left empty. Set before run().
    struct Hooks {
        /// The ports of the client of that plain name; asked just before the JACK client opens.
        std::function<std::vector<PortSpec>(const std::string& name)> ports;
        /// The client's state as text, for CLIENT.state and the NSM project.
        std::function<std::string()> save;
        /// Takes over a state saved earlier, before the JACK client opens, as if this client had never stopped
        /// (--resume). Throws Failure when it can't.
        std::function<void(const std::string&)> restore;
        /// Takes over what a project or a file holds, in place of whatever there is: just as it was saved (NSM, JACK
        /// session). Throws Failure when it can't. Empty: restore.
        std::function<void(const std::string&)> open_saved;
        /// Fades out, to leave the graph for another project; calls `finished` on the loop when done. The client plays
        /// on afterwards, unlike after `stop`. Empty: at once.
        std::function<void(std::function<void()> finished)> pause;
        /// A project is being opened: what was saved is still on its way. Empty: it is all there at once.
        std::function<bool()> opening;
        /// Tells this client from others of its kind in a session manager's list: a letter, a track. Empty: nothing.
        std::function<std::string()> label;
        /// Shows or hides a view for a session manager; returns whether it is shown. Empty: there is none.
        std::function<bool(bool show)> show_gui;
        /// The words that start this program as it was started; empty: own_command().
        std::function<std::vector<std::string>()> restart;
        /// After each (re)connection to a server, and when its clock began anew: its frames are new, the ports exist.
        std::function<void()> connected;
        /// The server went away, or its clock is about to begin anew; scheduled frames are void.
        std::function<void()> disconnected;
        /// In place of the two for a clock that begins anew under ports that stay; once before (false) and once after.
        std::function<void(bool began)> new_run;
        /// About to end: begin the fade; call `finished` on the loop when done (1.5 s later the program ends anyway).
        /// Empty: ends at once.
        std::function<void(std::function<void()> finished)> stop;
        /// Each `tick_period` while a server is there: drain the report queue of the audio thread. Empty: no wake-ups.
        /// May change the period as it runs.
        std::function<void()> tick;
        std::chrono::milliseconds tick_period{10};
        /// --connect: make the usual connections.
        std::function<void()> connect;
    };

    /// @param osc_ports  when not empty, instead of options.osc_port
    ClientShell(Identity identity, CommonOptions options, AudioProcess& process, std::uint32_t latency_frames = 0,
                std::vector<std::uint16_t> osc_ports = {});
    ~ClientShell();

    Hooks hooks;

    [[nodiscard]] ControlLoop& loop() noexcept { return loop_; }
    [[nodiscard]] OscServer& osc() noexcept { return *osc_; }
    /// From `connected` on, until run() returns.
    [[nodiscard]] JackClient& jack() noexcept { return *jack_; }
    [[nodiscard]] bool has_jack() const noexcept { return jack_ != nullptr && jack_->connected(); }
    [[nodiscard]] const std::string& server() const noexcept { return options_.server; }
    /// The plain name, e.g. deck-A; known once run() has taken it (hooks are called after that).
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const CommonOptions& options() const noexcept { return options_; }

    /// The user changed something worth keeping: CLIENT.state is rewritten soon (changes within 20 ms make one write),
    /// and a session manager is told that there is something to save.
    void state_changed();
    /// The same for what changed by itself: a track began, a line was heard.
    void state_moved();
    /// To a session manager's user, if there is one. @param priority  0…3
    void tell_manager(int priority, const std::string& message);
    /// How far opening a project is, 0…1.
    void show_progress(double part);
    /// Tells the manager that the user closed what hooks.show_gui had shown.
    void view_closed();

    /// Opens JACK (under NSM: when told to), enters the registry, runs until SIGINT, SIGTERM or quit().
    /// @returns the exit code
    int run();
    void quit();

    /// The frame an optional argument names, or nothing when omitted or nil.
    /// @throws OscError{refused} when it is more than 10 minutes from now or comes from another server;
    ///         OscError{not_ready} while there is no server
    [[nodiscard]] std::optional<JackFrame> frame_argument(const OscRequest& request, std::size_t i,
                                                          std::string_view name);
    /// The same of a frame that is one of this server's, whoever says so.
    [[nodiscard]] JackFrame frame_near(WireFrame wire, std::string_view name);
    /// @throws OscError{refused} when frames of that sender mean nothing here
    void expect_own_frames(const OscEndpoint& sender);

    /// The suite's other programs.
    [[nodiscard]] Peers& peers() noexcept { return *peers_; }

private:
    void describe() const;
    void tick_later();
    void restore_at_start();
    void begin_alone();
    void start(const std::string& jack_name);
    void leave();
    void take_name(const std::vector<std::string>& names);
    void enter_registry();
    void server_changed(bool connected);
    void new_run(bool began);
    void save_now();
    void write_state();
    void watch_trial(std::uint64_t cycles_seen, int good_looks);
    [[nodiscard]] std::string state_text() const;
    void begin_stop();

    // Session managers (client_managers.cpp).
    void greet_manager(const char* url);
    void open_project(const NsmProject& project, NsmClient::Opened opened);
    void change_project(const NsmProject& project);
    void answer_when_open(const NsmClient::Opened& opened, int looks_left);
    void take_project_name();
    void take_project_state(bool fresh_process);
    void put_back(const std::string& text);
    void note_manager() const;
    void save_project(const std::string& state) const;
    [[nodiscard]] bool hand_state_over(const std::string& holder);
    void take_handed_state();
    [[nodiscard]] std::string session_command(const std::string& folder);

    Identity identity_;
    CommonOptions options_;
    AudioProcess& process_;
    std::uint32_t latency_frames_;
    std::string name_;
    ControlLoop loop_;
    std::unique_ptr<OscServer> osc_;
    std::unique_ptr<RegistryEntry> entry_;
    std::unique_ptr<JackClient> jack_;
    std::unique_ptr<NsmClient> nsm_;
    std::filesystem::path project_;  ///< NSM's; empty otherwise
    std::string fresh_state_;        ///< under NSM: of a client that has no past
    std::uint64_t opening_{0};       ///< counts the manager's openings: the last one counts
    std::optional<StateTrial> trial_;
    std::exception_ptr failure_;  ///< what ends run()
    std::unique_ptr<Peers> peers_;
    bool save_pending_{false};
    bool stopping_{false};
};

}  // namespace crowdjack
