// SPDX-License-Identifier: GPL-3.0-or-later
// A client under a session manager: NSM's projects, and the commands that JACK session saves.
#include "common/atomic_file.hpp"
#include "common/client_shell.hpp"
#include "common/error.hpp"
#include "common/jack_door.hpp"
#include "common/log.hpp"
#include "common/manager_mark.hpp"
#include "common/orphans.hpp"
#include "common/own_command.hpp"
#include "common/text_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_session_command = 255;  ///< JACK cuts off what is longer
constexpr auto longest_pause = std::chrono::milliseconds{1500};
constexpr auto opening_look = std::chrono::milliseconds{10};
constexpr int opening_looks = 500;  ///< 5 s: a disk that takes longer goes on by itself

}  // namespace

// ---- NSM ------------------------------------------------------------------------------------------------------------

void ClientShell::greet_manager(const char* url) {
    NsmClient::Callbacks callbacks;
    callbacks.open = [this](const NsmProject& project, NsmClient::Opened opened) {
        open_project(project, std::move(opened));
    };
    callbacks.save = [this] { save_now(); };
    callbacks.alone = [this] {
        try {
            begin_alone();
        } catch (const std::exception&) {
            failure_ = std::current_exception();
            loop_.stop();
        }
    };
    callbacks.show_gui = hooks.show_gui;
    nsm_ = std::make_unique<NsmClient>(loop_, *osc_, url, identity_.label, identity_.executable, std::move(callbacks));
    fresh_state_ = state_text();
    nsm_->announce();
}

void ClientShell::open_project(const NsmProject& project, NsmClient::Opened opened) {
    const auto go_on = [this, number = ++opening_, project, opened = std::move(opened), done = false]() mutable {
        if (std::exchange(done, true)) {
            return;
        }
        if (number != opening_) {
            opened("another project was opened meanwhile");
            return;
        }
        try {
            change_project(project);
        } catch (const std::exception& error) {
            opened(error.what());
            return;
        }
        answer_when_open(opened, opening_looks);
    };
    if (!has_jack() || !hooks.pause) {
        auto at_once = go_on;
        at_once();
        return;
    }
    const auto once = std::make_shared<std::function<void()>>(go_on);
    loop_.after(longest_pause, [once] { (*once)(); });
    hooks.pause([once] { (*once)(); });
}

void ClientShell::answer_when_open(const NsmClient::Opened& opened, int looks_left) {
    if (looks_left > 0 && hooks.opening && hooks.opening()) {
        loop_.after(opening_look, [this, opened, looks_left] { answer_when_open(opened, looks_left - 1); });
        return;
    }
    opened(std::nullopt);
    state_moved();
}

void ClientShell::change_project(const NsmProject& project) {
    const bool fresh_process = jack_ == nullptr;
    if (!fresh_process) {  // :switch: another session, another identity
        if (hooks.disconnected) {
            hooks.disconnected();
        }
        leave();
        if (jack_is_stuck()) {
            std::_Exit(1);  // all is saved; the manager starts it anew, and sees that it has to
        }
        jack_.reset();
        entry_.reset();
    }
    project_ = project.path;
    take_project_name();
    note_manager();
    take_project_state(fresh_process);
    start(project.client_id);
    if (!fs::exists(project_ / "state")) {
        save_now();  // the identity, at least: the next open is the same deck
    }
}

/// The name that the project was saved under; while somebody alive has it, another one for this time.
void ClientShell::take_project_name() {
    std::optional<std::string> saved = read_text_file(project_ / "name");
    if (saved) {
        saved->erase(saved->find_last_not_of('\n') + 1);
    }
    if (!saved || !is_file_name(*saved)) {
        take_name(identity_.names);
        return;
    }
    relieve_orphan(options_.server, *saved);
    try {
        take_name({*saved});
    } catch (const Failure& failure) {
        if (identity_.names.size() < 2) {
            throw;
        }
        take_name(identity_.names);
        const std::string message = *saved + " runs already, so this is " + name_ + " for now";
        log_event(LogLevel::warning, "name-taken", {{"client", name_}, {"wanted", *saved}, {"why", failure.what()}});
        tell_manager(2, message);
    }
}

void ClientShell::note_manager() const { mark_manager(entry_->folder(), name_, nsm_->port()); }

void ClientShell::take_project_state(bool fresh_process) {
    const std::optional<std::string> state = read_text_file(project_ / "state");
    try {
        if (state) {
            put_back(*state);
            return;
        }
    } catch (const Failure& failure) {
        set_aside(project_ / "state");
        const std::string message = "what was saved can't be read, and lies in " +
                                    (project_ / "state.set-aside").string() + " now: " + failure.what();
        log_event(LogLevel::error, "state-not-restored", {{"client", name_}, {"why", message}});
        tell_manager(3, message);
    }
    if (!fresh_process && !fresh_state_.empty()) {
        put_back(fresh_state_);
    }
}

void ClientShell::put_back(const std::string& text) {
    if (const auto& hook = hooks.open_saved ? hooks.open_saved : hooks.restore; hook) {
        hook(text);
    }
}

void ClientShell::save_project(const std::string& state) const {
    fs::create_directories(project_);
    // A name that was only lent for this time is not the project's.
    if (!fs::exists(project_ / "name")) {
        write_atomically(project_ / "name", name_ + "\n");
    }
    write_atomically(project_ / "state", state);
}

// ---- JACK session ---------------------------------------------------------------------------------------------------

/// A command that works without a shell, since qjackctl only splits it at blanks, and with one: words of plain
/// characters. What else there is, and what would be longer than JACK takes, goes into a file beside the state.
std::string ClientShell::session_command(const std::string& folder) {
    save_now();
    const fs::path state = fs::path{folder} / (name_ + ".state");
    write_atomically(state, state_text());
    std::vector<std::string> words = without_options(hooks.restart ? hooks.restart() : own_command(),
                                                     {"--server", "--client-name", "--resume-from"}, {"--resume"});
    words.insert(words.end(), {"--server", options_.server, "--client-name", name_, "--resume-from"});
    // JACK replaces ${SESSION_DIR} itself when it restores; but a blank in it would cut the command in two.
    const bool plain_folder = is_plain_word(folder);
    const std::string here = plain_folder ? "${SESSION_DIR}" : "";
    if (plain_folder && std::all_of(words.begin(), words.end(), is_plain_word)) {
        std::string line = shell_text(words) + " " + here + state.filename().string();
        if (line.size() <= longest_session_command) {
            return line;
        }
    }
    const fs::path arguments = fs::path{folder} / (name_ + ".arguments");
    words.push_back(state.string());
    write_atomically(arguments, arguments_text({words.begin() + 1, words.end()}));
    const std::string file = plain_folder ? here + arguments.filename().string() : percent_encoded(arguments.string());
    return plain_program(words.front()) + " --arguments-from " + file;
}

/// A JACK session is loaded while its client runs: the client takes the state, and nothing runs twice.
bool ClientShell::hand_state_over(const std::string& holder) {
    const std::optional<PeerInfo> peer = find_peer(options_.server, holder);
    if (options_.resume_from.empty() || !peer || peer->pid <= 0) {
        return false;
    }
    if (hooks.restore) {
        const std::optional<std::string> state = read_text_file(options_.resume_from);
        if (!state) {
            return false;
        }
        write_atomically(registry_folder(options_.server) / (holder + ".load"), *state, Durability::process);
        if (::kill(peer->pid, SIGUSR2) != 0) {
            return false;
        }
    }
    log_event(LogLevel::info, "state-handed-over",
              {{"client", holder}, {"pid", peer->pid}, {"why", "it runs already: it takes what was saved"}});
    return true;
}

void ClientShell::take_handed_state() {
    if (!entry_) {
        return;
    }
    const fs::path file = entry_->folder() / (name_ + ".load");
    const std::optional<std::string> state = read_text_file(file);
    std::error_code ignored;
    fs::remove(file, ignored);
    if (!state) {
        return;
    }
    try {
        put_back(*state);
        log_event(LogLevel::info, "state-loaded", {{"client", name_}});
        state_changed();
    } catch (const Failure& failure) {
        log_event(LogLevel::warning, "state-not-restored", {{"client", name_}, {"why", failure.what()}});
    }
}

}  // namespace crowdjack
