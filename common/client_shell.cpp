// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/client_shell.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "common/own_command.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr auto state_delay = std::chrono::milliseconds{20};
constexpr auto longest_goodbye = std::chrono::milliseconds{1500};
constexpr std::size_t longest_session_command = 255;  ///< JACK cuts off what is longer
constexpr double furthest_frame_seconds = 600.0;

std::optional<std::string> read_file(const fs::path& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) {
        return std::nullopt;
    }
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

ClientShell::ClientShell(Identity identity, CommonOptions options, AudioProcess& process, std::uint32_t latency_frames,
                         std::vector<std::uint16_t> osc_ports)
    : identity_{std::move(identity)},
      options_{std::move(options)},
      process_{process},
      latency_frames_{latency_frames},
      peers_{options_.server, options_.peers} {
    if (osc_ports.empty()) {
        osc_ports = {options_.osc_port};
    }
    if (options_.check_options) {
        // The real ones may be in use by the very client that is asked about, and the file meant for another machine.
        osc_ports = {0};
        options_.osc_bind = "127.0.0.1";
    }
    // Before any thread starts, so that all inherit the mask.
    loop_.on_signal(SIGINT, [this] { begin_stop(); });
    loop_.on_signal(SIGTERM, [this] { begin_stop(); });
    loop_.on_signal(SIGUSR1, [this] { save_now(); });
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
        nsm_ = std::make_unique<NsmClient>(
            *osc_, url, identity_.label, identity_.executable,
            NsmClient::Callbacks{[this](const std::string& path, const std::string& id) { open_project(path, id); },
                                 [this] { save_now(); }});
        nsm_->announce();
    } else {
        take_name();
        restore_at_start();
        start(name_);
    }
    if (hooks.tick) {
        tick_later();
    }
    loop_.run();
    leave();
    return 0;
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
    std::optional<std::string> state;
    if (!options_.resume_from.empty()) {
        state = read_file(options_.resume_from);
        if (!state) {
            throw Failure{"cannot read the state file '" + options_.resume_from + "' of --resume-from: does it exist?"};
        }
    } else if (options_.resume) {
        state = entry_->load_state();
    }
    if (!state || !hooks.restore) {
        return;
    }
    try {
        hooks.restore(*state);
    } catch (const Failure& failure) {
        if (!options_.resume_from.empty()) {
            throw;  // somebody named this very file
        }
        // What an earlier run left behind must not keep this one, and every restart of it, from playing.
        log_event(LogLevel::warning, "state-not-restored", {{"client", name_}, {"why", failure.what()}});
    }
}

void ClientShell::quit() { begin_stop(); }

void ClientShell::take_name() {
    for (auto name = identity_.names.begin(); name != identity_.names.end(); ++name) {
        try {
            entry_ = std::make_unique<RegistryEntry>(options_.server, *name);
            name_ = *name;
            entry_->keep_up(loop_);
            return;
        } catch (const Failure&) {
            if (std::next(name) == identity_.names.end()) {
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
    jack_->on_session_save([this](const std::string& folder, bool quit_too) {
        std::string command = session_command(folder);
        if (quit_too) {
            loop_.post([this] { begin_stop(); });
        }
        return command;
    });
    jack_->open();
}

void ClientShell::server_changed(bool connected) {
    if (!connected) {
        entry_->withdraw();
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
    state_changed();
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
    if (jack_) {
        jack_->close();
    }
    if (entry_) {
        entry_->withdraw();
    }
}

std::string ClientShell::state_text() const { return hooks.save ? hooks.save() : std::string{}; }

void ClientShell::state_changed() {
    if (nsm_) {
        nsm_->set_dirty(true);
    }
    if (save_pending_ || !hooks.save) {
        return;
    }
    save_pending_ = true;
    loop_.after(state_delay, [this] {
        save_pending_ = false;
        if (entry_ && !name_.empty()) {
            entry_->save_state(state_text());
        }
    });
}

void ClientShell::save_now() {
    if (!entry_) {
        return;
    }
    const std::string state = state_text();
    entry_->save_state(state);
    if (!project_.empty()) {
        fs::create_directories(project_);
        write_atomically(project_ / "name", name_ + "\n");
        write_atomically(project_ / "state", state);
    }
    log_event(LogLevel::info, "saved", {{"client", name_}});
}

void ClientShell::open_project(const std::string& path, const std::string& client_id) {
    if (jack_) {  // :switch: another session, another identity
        if (hooks.disconnected) {
            hooks.disconnected();
        }
        leave();
        jack_.reset();
        entry_.reset();
    }
    project_ = path;
    const std::vector<std::string> all_names = identity_.names;
    if (std::optional<std::string> name = read_file(project_ / "name"); name && !name->empty()) {
        name->erase(name->find_last_not_of('\n') + 1);
        identity_.names = {*name};
    }
    try {
        take_name();
        identity_.names = all_names;
    } catch (...) {
        identity_.names = all_names;
        throw;
    }
    const std::optional<std::string> state = read_file(project_ / "state");
    if (state && hooks.restore) {
        hooks.restore(*state);
    }
    start(client_id);
    if (!state) {
        save_now();  // the identity, at least: the next open is the same deck
    }
}

std::string ClientShell::session_command(const std::string& folder) {
    save_now();
    // JACK replaces ${SESSION_DIR} itself when it restores; the state travels with the session folder.
    const fs::path file = fs::path{folder} / (name_ + ".state");
    write_atomically(file, state_text());
    std::vector<std::string> words = without_options(hooks.restart ? hooks.restart() : own_command(),
                                                     {"--server", "--client-name", "--resume-from"}, {"--resume"});
    words.insert(words.end(), {"--server", options_.server, "--client-name", name_, "--resume-from"});
    const std::string command = shell_text(words);
    std::string line = command + " \"${SESSION_DIR}" + file.filename().string() + "\"";
    if (line.size() <= longest_session_command) {
        return line;
    }
    const std::string script = name_ + ".sh";
    write_atomically(fs::path{folder} / script,
                     "exec " + command + " \"$(dirname \"$0\")/" + file.filename().string() + "\"\n");
    return "sh \"${SESSION_DIR}" + script + "\"";
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

std::optional<JackFrame> ClientShell::frame_argument(const OscRequest& request, std::size_t i, std::string_view name) {
    const std::optional<WireFrame> wire = request.arguments.optional_frame(i, name);
    if (!wire) {
        return std::nullopt;
    }
    if (!has_jack()) {
        throw OscError{OscErrorCode::not_ready, "there is no JACK server now, so no frame has a meaning"};
    }
    if (peers_.is_foreign(request.sender())) {
        throw OscError{OscErrorCode::refused, "frames of another JACK server mean nothing here: omit the frame"};
    }
    const JackFrame now = jack_->last_frame();
    const JackFrame frame = unwrap(*wire, now);
    if (std::abs(to_seconds(frame - now, jack_->format().rate).value) > furthest_frame_seconds) {
        throw OscError{OscErrorCode::refused, std::string{name} + " lies more than 10 minutes from now"};
    }
    return frame;
}

}  // namespace crowdjack
