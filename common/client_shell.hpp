// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/common_options.hpp"
#include "common/control_loop.hpp"
#include "common/jack_client.hpp"
#include "common/nsm_client.hpp"
#include "common/osc_server.hpp"
#include "common/peer_book.hpp"
#include "common/registry.hpp"

#include <chrono>
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
        /// Takes over a state saved earlier, before the JACK client opens (--resume, NSM). Throws Failure when it
        /// can't.
        std::function<void(const std::string&)> restore;
        /// The words that start this program as it was started; empty: own_command().
        std::function<std::vector<std::string>()> restart;
        /// After each (re)connection to a server: its frames are new, the ports exist.
        std::function<void()> connected;
        /// The server went away; scheduled frames are void.
        std::function<void()> disconnected;
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

    /// Something worth keeping changed: CLIENT.state is rewritten soon (changes within 20 ms make one write).
    void state_changed();

    /// Opens JACK (under NSM: when told to), enters the registry, runs until SIGINT, SIGTERM or quit().
    /// @returns the exit code
    int run();
    void quit();

    /// The frame an optional argument names, or nothing when omitted or nil.
    /// @throws OscError{refused} when it is more than 10 minutes from now or comes from another server;
    ///         OscError{not_ready} while there is no server
    [[nodiscard]] std::optional<JackFrame> frame_argument(const OscRequest& request, std::size_t i,
                                                          std::string_view name);

    /// The suite's other programs.
    [[nodiscard]] PeerBook& peers() noexcept { return peers_; }

private:
    void describe() const;
    void tick_later();
    void restore_at_start();
    void start(const std::string& jack_name);
    void leave();
    void take_name();
    void enter_registry();
    void server_changed(bool connected);
    void open_project(const std::string& path, const std::string& client_id);
    void save_now();
    [[nodiscard]] std::string session_command(const std::string& folder);
    [[nodiscard]] std::string state_text() const;
    void begin_stop();

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
    PeerBook peers_;
    bool save_pending_{false};
    bool stopping_{false};
};

}  // namespace crowdjack
