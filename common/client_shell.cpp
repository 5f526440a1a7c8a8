// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/client_shell.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "common/manager_mark.hpp"
#include "common/text_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <utility>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr auto state_delay = std::chrono::milliseconds{20};
constexpr auto longest_goodbye = std::chrono::milliseconds{1500};
constexpr double furthest_frame_seconds = 600.0;
constexpr auto trial_look = std::chrono::seconds{1};
constexpr int trial_looks = 3;  ///< with cycles in between: then a state has not ended its reader

}  // namespace

ClientShell::ClientShell(Identity identity, CommonOptions options, AudioProcess& process, std::uint32_t latency_frames,
                         std::vector<std::uint16_t> osc_ports)
    : identity_{std::move(identity)}, options_{std::move(options)}, process_{process}, latency_frames_{latency_frames} {
    if (osc_ports.empty()) {
        osc_ports = {options_.osc_port};
    }
    if (options_.check_options) {
        // The real ones may be in use by the very client that is asked about, and the file meant for another machine.
        osc_ports = {0};
        options_.osc_bind = "127.0.0.1";
    }
    if (const char* url = nsm_url(); url != nullptr) {
        close_inherited_socket(OscEndpoint::parse(url).port());  // while no socket is our own
    }
    // Before any thread starts, so that all inherit the mask.
    loop_.on_signal(SIGINT, [this] { begin_stop(); });
    loop_.on_signal(SIGTERM, [this] { begin_stop(); });
    loop_.on_signal(SIGUSR1, [this] { save_now(); });
    loop_.on_signal(SIGUSR2, [this] { take_handed_state(); });
    loop_.on_signal(SIGHUP, [] { log_event(LogLevel::info, "hangup", {{"why", "the terminal is closed"}}); });
    std::signal(SIGPIPE, SIG_IGN);
    try {
        osc_ = std::make_unique<OscServer>(loop_, options_.osc_bind, osc_ports);
    } catch (const Failure&) {
        if (!options_.osc_port_may_differ) {
            throw;
        }
        osc_ = std::make_unique<OscServer>(loop_, options_.osc_bind, std::vector<std::uint16_t>{0});
    }
    osc_->frame_ahead = [this](double seconds) -> std::optional<JackFrame> {
        if (!has_jack()) {
            return std::nullopt;
        }
        // Arrival lies somewhere in the present cycle: its end is never before it.
        return jack_->last_frame() + Frames{jack_->period()} + to_frames(Seconds{seconds}, jack_->format().rate);
    };
    peers_ = std::make_unique<Peers>(loop_, *osc_, options_.osc_bind, options_.server, options_.peers);
    if (!options_.client_name.empty()) {
        identity_.names = {options_.client_name};
    }
}

ClientShell::~ClientShell() = default;

void ClientShell::describe() const {
    const std::string& name = identity_.names.front();
    std::cout << "client " << name << "\n";
    for (const PortSpec& port : hooks.ports(name)) {
        std::cout << "port " << (port.direction == PortDirection::output ? "output " : "input ")
                  << (port.kind == PortKind::midi ? "midi " : "audio ") << port.name << "\n";
    }
}

int ClientShell::run() {
    if (options_.check_options) {
        describe();
        return 0;
    }
    if (const char* url = nsm_url(); url != nullptr) {
        greet_manager(url);
    } else {
        begin_alone();
    }
    if (hooks.tick) {
        tick_later();
    }
    loop_.run();
    leave();
    if (failure_) {
        std::rethrow_exception(failure_);
    }
    return 0;
}

void ClientShell::begin_alone() {
    try {
        take_name(identity_.names);
    } catch (const Failure&) {
        if (!hand_state_over(identity_.names.front())) {
            throw;
        }
        loop_.stop();
        return;
    }
    restore_at_start();
    start(name_);
}

void ClientShell::tick_later() {
    loop_.at_next(hooks.tick_period, [this] {
        if (has_jack()) {
            hooks.tick();
        }
        tick_later();
    });
}

void ClientShell::restore_at_start() {
    if (!hooks.restore || (options_.resume_from.empty() && !options_.resume)) {
        return;
    }
    if (!options_.resume_from.empty()) {
        const std::optional<std::string> state = read_text_file(options_.resume_from);
        if (!state) {
            throw Failure{"cannot read the state file '" + options_.resume_from + "' of --resume-from: does it exist?"};
        }
        put_back(*state);  // somebody named this very file: what is wrong with it ends the program
        return;
    }
    const std::optional<std::string> state = entry_->load_state();
    if (!state) {
        return;
    }
    const fs::path file = entry_->folder() / (name_ + ".state");
    trial_.emplace(file.string() + ".trial");
    try {
        if (!trial_->begin(*state)) {
            throw Failure{"it ended this program before"};
        }
        hooks.restore(*state);
        watch_trial(0, 0);
    } catch (const Failure& failure) {
        // What an earlier run left behind must not keep this one, and every restart of it, from playing.
        // It is kept for somebody to look at: the next state takes its place.
        set_aside(file);
        log_event(LogLevel::warning, "state-not-restored",
                  {{"client", name_}, {"why", failure.what()}, {"kept", file.string() + ".set-aside"}});
        trial_->passed();
    }
}

void ClientShell::watch_trial(std::uint64_t cycles_seen, int good_looks) {
    loop_.after(trial_look, [this, cycles_seen, good_looks] {
        const std::uint64_t cycles = has_jack() ? jack_->cycles() : 0;
        const int good = cycles > cycles_seen ? good_looks + 1 : good_looks;
        if (good < trial_looks) {
            watch_trial(cycles, good);
        } else {
            trial_->passed();
        }
    });
}

void ClientShell::quit() { begin_stop(); }

void ClientShell::take_name(const std::vector<std::string>& names) {
    for (auto name = names.begin(); name != names.end(); ++name) {
        try {
            entry_ = std::make_unique<RegistryEntry>(options_.server, *name);
            name_ = *name;
            entry_->keep_up(loop_);
            return;
        } catch (const Failure&) {
            if (std::next(name) == names.end()) {
                throw;
            }
        }
    }
}

void ClientShell::start(const std::string& jack_name) {
    JackClient::Settings settings;
    settings.server = options_.server;
    settings.name = jack_name;
    settings.ports = hooks.ports(name_);
    settings.latency_frames = latency_frames_;
    settings.session_aware = nsm_ == nullptr;
    jack_ = std::make_unique<JackClient>(loop_, std::move(settings), process_, &entry_->pulse());
    jack_->on_server([this](bool connected) { server_changed(connected); });
    jack_->on_new_run([this](bool began) { new_run(began); });
    jack_->on_session_save([this](const std::string& folder, bool quit_too) {
        std::string command = session_command(folder);
        if (quit_too) {
            loop_.post([this] { begin_stop(); });
        }
        return command;
    });
    if (project_.empty()) {
        jack_->open();
    } else {
        jack_->open_when_there();
    }
}

void ClientShell::server_changed(bool connected) {
    if (!connected) {
        if (identity_.kind != "session") {  // which answers on: it is the one that brings the server back
            entry_->withdraw();
        }
        if (hooks.disconnected) {
            hooks.disconnected();
        }
        return;
    }
    if (hooks.connected) {
        hooks.connected();
    }
    if (options_.connect && hooks.connect) {
        hooks.connect();
    }
    enter_registry();
    state_moved();
}

void ClientShell::new_run(bool began) {
    if (hooks.new_run) {
        hooks.new_run(began);
    } else if (const auto& hook = began ? hooks.connected : hooks.disconnected; hook) {
        hook();
    }
    state_moved();
}

void ClientShell::enter_registry() {
    entry_->publish({name_, osc_->url(), identity_.kind, name_, jack_->name(), ::getpid()});
    log_event(LogLevel::info, "ready",
              {{"client", name_},
               {"jack", jack_->name()},
               {"server", options_.server},
               {"osc", osc_->url()},
               {"rate", jack_->format().rate},
               {"period", jack_->period()}});
}

void ClientShell::leave() {
    // First of all: whoever sees the ports go is to know that this client is going, not that somebody unpatched it.
    if (entry_) {
        entry_->withdraw();
    }
    if (jack_) {
        jack_->close();
    }
}

std::string ClientShell::state_text() const { return hooks.save ? hooks.save() : std::string{}; }

void ClientShell::state_changed() {
    if (nsm_) {
        nsm_->set_dirty(true);
    }
    state_moved();
}

void ClientShell::state_moved() {
    if (nsm_ && hooks.label) {
        nsm_->set_label(hooks.label());
    }
    if (save_pending_ || !hooks.save) {
        return;
    }
    save_pending_ = true;
    loop_.after(state_delay, [this] {
        save_pending_ = false;
        write_state();
    });
}

void ClientShell::write_state() {
    if (entry_ && !name_.empty()) {
        entry_->save_state(state_text());
    }
}

void ClientShell::save_now() {
    if (!entry_) {
        return;
    }
    const std::string state = state_text();
    entry_->save_state(state);
    if (!project_.empty()) {
        save_project(state);
    }
    log_event(LogLevel::info, "saved", {{"client", name_}});
}

void ClientShell::tell_manager(int priority, const std::string& message) {
    if (nsm_) {
        nsm_->tell(priority, message);
    }
}

void ClientShell::show_progress(double part) {
    if (nsm_) {
        nsm_->set_progress(part);
    }
}

void ClientShell::view_closed() {
    if (nsm_) {
        nsm_->view_closed();
    }
}

void ClientShell::begin_stop() {
    if (stopping_) {
        loop_.stop();  // asked twice: at once
        return;
    }
    stopping_ = true;
    if (!hooks.stop || !has_jack()) {
        loop_.stop();
        return;
    }
    loop_.after(longest_goodbye, [this] { loop_.stop(); });
    hooks.stop([this] { loop_.stop(); });
}

void ClientShell::expect_own_frames(const OscEndpoint& sender) {
    if (!has_jack()) {
        throw OscError{OscErrorCode::not_ready, "there is no JACK server now, so no frame has a meaning"};
    }
    if (peers_->is_foreign(sender)) {
        throw OscError{OscErrorCode::refused, "frames of another JACK server mean nothing here: omit the frame"};
    }
}

std::optional<JackFrame> ClientShell::frame_argument(const OscRequest& request, std::size_t i, std::string_view name) {
    const std::optional<WireFrame> wire = request.arguments.optional_frame(i, name);
    if (!wire) {
        return std::nullopt;
    }
    expect_own_frames(request.sender());
    return frame_near(*wire, name);
}

JackFrame ClientShell::frame_near(WireFrame wire, std::string_view name) {
    if (!has_jack()) {
        throw OscError{OscErrorCode::not_ready, "there is no JACK server now, so no frame has a meaning"};
    }
    const JackFrame now = jack_->last_frame();
    const JackFrame frame = unwrap(wire, now);
    if (std::abs(to_seconds(frame - now, jack_->format().rate).value) > furthest_frame_seconds) {
        throw OscError{OscErrorCode::refused, std::string{name} + " lies more than 10 minutes from now"};
    }
    return frame;
}

}  // namespace crowdjack
