// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/supervision/jack_server.hpp"

#include "common/error.hpp"
#include "common/jack_closing.hpp"
#include "common/jack_thread.hpp"
#include "common/log.hpp"
#include "session/patch/jack_open.hpp"
#include "session/program_lookup.hpp"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>
#include <utility>

namespace crowdjack {

namespace {

constexpr auto start_deadline = std::chrono::seconds{10};
/// One that takes its clock from another machine: there its end must have been noticed first. A new one on the same
/// port before that, and JACK's netmanager waits for the old one's answers for good.
constexpr SessionTime network_wait{1500};
constexpr auto reach_patience = std::chrono::seconds{6};
/// For a server that somebody else runs to come back by itself.
constexpr auto stranger_patience = std::chrono::seconds{5};
constexpr auto probe_deadline = std::chrono::seconds{3};
constexpr auto stop_deadline = std::chrono::seconds{3};  ///< of a server that was just started
/// For the turn to remove JACK's metadata store. A look for a server takes milliseconds: who takes longer is leaving.
constexpr std::chrono::milliseconds first_turn_patience{300};
constexpr SessionTime turn_patience{100};  ///< of a server that is to be back soon
constexpr SessionTime turn_look{5};

/// May this user's threads have real-time priority? Tried on a thread of its own.
bool realtime_is_permitted() {
    int result = 0;
    std::thread{[&result] {
        sched_param priority{};
        priority.sched_priority = 10;  // jackd's own
        result = pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);
    }}.join();
    return result == 0;
}

/// JACK's metadata store, which one killed client can leave locked for everybody; only to be touched while no server of
/// this user runs.
std::filesystem::path metadata_store() { return "/dev/shm/jack_db-" + std::to_string(::getuid()); }

bool any_server_of_this_user_runs() {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc", error}) {
        struct stat status {};
        const std::string exe = std::filesystem::read_symlink(entry.path() / "exe", error).filename().string();
        if ((exe == "jackd" || exe == "jackdbus") && ::stat(entry.path().c_str(), &status) == 0 &&
            status.st_uid == ::getuid()) {
            return true;
        }
    }
    return false;
}

/// Nothing in it is true any more when no server runs; and what died inside it (a server killed with -9 takes some of
/// its mutexes along, a client may leave a lock) would hamper or hang every later server.
/// @param turn  each program that looks for a server makes the store anew, and would die of its removal
void remove_stale_metadata(const JackDoor& /*turn*/) {
    std::error_code error;
    if (!any_server_of_this_user_runs() && std::filesystem::remove_all(metadata_store(), error) > 0 && !error) {
        log_event(LogLevel::info, "jack-metadata-store-removed", {{"path", metadata_store().string()}});
    }
}

/// Signals wait for the control loop, which does not run yet.
bool told_to_stop() {
    sigset_t waiting;
    sigpending(&waiting);
    return sigismember(&waiting, SIGINT) == 1 || sigismember(&waiting, SIGTERM) == 1;
}

}  // namespace

bool jack_server_answers(const std::string& server, std::chrono::milliseconds deadline) {
    jack_client_t* client = open_jack_client("crowdjack-probe", server, deadline);
    if (client != nullptr) {
        (void)JackClosing{}.close(client);
    }
    return client != nullptr;
}

std::vector<std::string> jackd_command(const JackSpec& spec, const std::string& server, bool realtime) {
    // Neither -S (a killed client would cost 56 ms) nor -t.
    std::vector<std::string> command{"jackd", realtime ? "-R" : "-r", "-n", server};
    for (const std::string& client : spec.internal) {
        command.insert(command.end(), {"-I", client});
    }
    command.insert(command.end(), {"-d", spec.driver});
    if (!spec.on_network()) {
        command.insert(command.end(), {"-r", std::to_string(spec.rate), "-p", std::to_string(spec.period)});
    }
    if (!spec.device.empty()) {
        command.insert(command.end(), {"-d", spec.device});
    }
    if (spec.periods > 0) {
        command.insert(command.end(), {"-n", std::to_string(spec.periods)});
    }
    command.insert(command.end(), spec.options.begin(), spec.options.end());
    return command;
}

JackServer::JackServer(ControlLoop& loop, LogRelay& logs, JackSpec spec, std::string server)
    : loop_{loop}, logs_{logs}, spec_{std::move(spec)}, server_{std::move(server)} {}

bool JackServer::ensure(pid_t earlier) {
    route_jack_messages();
    if (earlier > 0 && environment_of(earlier, session_mark) == server_) {
        process_ = ChildProcess::adopt(loop_, earlier, [this](const Ending& ending) { ended(ending); });
        restarts_.started(SessionClock::now());
        ours_ = process_.has_value();
    }
    if (jack_server_answers(server_, probe_deadline)) {
        log_event(LogLevel::info, "jack-server-found", {{"server", server_}, {"ours", process_.has_value()}});
        return true;
    }
    if (process_) {
        throw Failure{"JACK server '" + server_ + "' (pid " + std::to_string(process_->pid()) +
                      "), started by an earlier run of this session, does not answer: kill it and try again"};
    }
    if (!spec_.autostart) {
        throw Failure{"cannot reach JACK server '" + server_ + "' and autostart is not set: start it (jackd -n " +
                      server_ + " -d dummy needs no sound card), or set autostart = true in [jack]"};
    }
    start(JackDoor{first_turn_patience});
    return wait_until_it_answers();
}

void JackServer::start(const JackDoor& turn) {
    const bool realtime = realtime_is_permitted();
    if (!realtime && loud_) {
        log_event(LogLevel::warning, "no-realtime",
                  {{"why", "this user may not have real-time priority"},
                   {"do", "join the audio group and set rtprio 95 and memlock unlimited in /etc/security/limits.d"}});
    }
    remove_stale_metadata(turn);
    reached_ = false;
    ours_ = true;
    std::vector<std::string> command = jackd_command(spec_, server_, realtime);
    const auto program = find_program(command.front(), program_folders());
    if (!program) {
        throw Failure{"cannot start a JACK server: jackd is not on PATH (on Debian: apt install jackd2)"};
    }
    command.front() = program->string();
    process_ =
        ChildProcess::start(loop_, {command, {{session_mark, server_}, {client_mark, "jackd"}}, logs_.channel("jackd")},
                            [this](const Ending& ending) { ended(ending); });
    restarts_.started(SessionClock::now());
    std::string line;
    for (const std::string& word : command) {
        line += (line.empty() ? "" : " ") + word;
    }
    if (loud_) {
        log_event(LogLevel::info, "jack-server-started", {{"pid", process_->pid()}, {"command", line}});
    }
    if (changed) {
        changed();
    }
}

bool JackServer::wait_until_it_answers() {
    auto give_up = std::chrono::steady_clock::now() + start_deadline;
    bool again = false;
    while (!jack_server_answers(server_, probe_deadline)) {
        if (state_of(process_->pid()) == 'Z' || state_of(process_->pid()) == ' ') {
            logs_.drain();
            throw Failure{"the JACK server ended at once (its words are above): is the driver '" + spec_.driver +
                          "' right, is the sound card free? (driver = \"dummy\" needs none)"};
        }
        if (told_to_stop()) {
            stop(stop_deadline);
            return false;
        }
        if (std::chrono::steady_clock::now() > give_up) {
            give_up += start_deadline;
            if (spec_.on_network()) {
                log_event(LogLevel::info, "waiting-for-the-master",
                          {{"why", "a network driver answers only when the other machine's server is there"}});
                continue;
            }
            process_->signal(SIGKILL);
            process_.reset();
            if (again || any_server_of_this_user_runs()) {
                throw Failure{"the JACK server was started but does not answer; its words are above"};
            }
            again = true;
            start(JackDoor{first_turn_patience});
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    restarts_.ready(SessionClock::now());
    return true;
}

void JackServer::ended(const Ending& ending) {
    process_.reset();
    reached_ = false;
    if (changed) {
        changed();
    }
    if (stopping_) {
        return;
    }
    start_again(ending);
}

void JackServer::reached() {
    reached_ = true;
    restarts_.ready(SessionClock::now());
    if (!std::exchange(loud_, true)) {
        log_event(LogLevel::info, "jack-server-back", {{"server", server_}, {"pid", own_pid()}});
    }
    logs_.let_speak("jackd", true);
}

void JackServer::lost() {
    reached_ = false;
    if (ours_ || !spec_.autostart || stopping_) {
        return;  // the end of ours is seen for itself
    }
    loop_.after(stranger_patience, [this] {
        if (!reached_ && !ours_ && !stopping_) {
            log_event(LogLevel::warning, "jack-server-lost",
                      {{"server", server_}, {"why", "it was not ours and did not come back"}, {"do", "starting one"}});
            try_to_start(SessionClock::now() + turn_patience);
        }
    });
}

void JackServer::start_again(const Ending& ending) {
    Restart next = restarts_.ended(SessionClock::now(), ending);
    if (spec_.on_network()) {
        next.wait = std::max(next.wait, network_wait);
    }
    if (restarts_.failing() && next.said) {
        log_event(LogLevel::error, "jack-server-keeps-ending",
                  {{"server", server_},
                   {"times", restarts_.failures()},
                   {"ending", ending.text()},
                   {"do", "is the sound card there and free? It is tried again, up to every 30 s"}});
    } else if (!restarts_.failing()) {
        log_event(LogLevel::warning, "jack-server-ended",
                  {{"server", server_}, {"ending", ending.text()}, {"restart_ms", next.wait.count()}});
    }
    loud_ = !restarts_.failing();
    logs_.let_speak("jackd", next.said);
    loop_.after(next.wait, [this] { try_to_start(SessionClock::now() + turn_patience); });
}

void JackServer::try_to_start(SessionTime at_latest) {
    if (stopping_ || process_ || reached_) {
        return;
    }
    const JackDoor turn{std::chrono::milliseconds{0}};
    if (!turn.has_turn() && SessionClock::now() < at_latest) {
        loop_.after(turn_look, [this, at_latest] { try_to_start(at_latest); });
        return;
    }
    try {
        start(turn);
    } catch (const Failure& failure) {
        if (loud_) {
            log_event(LogLevel::error, "jack-server-not-started", {{"why", failure.what()}});
        }
        start_again({false, 127, false, false});
        return;
    }
    loop_.after(reach_patience, [this, pid = process_->pid()] {
        if (!reached_ && own_pid() == pid && !stopping_ && !spec_.on_network()) {
            if (loud_) {
                log_event(LogLevel::error, "jack-server-hangs", {{"server", server_}, {"do", "starting it once more"}});
            }
            process_->signal(SIGKILL);
        }
    });
}

void JackServer::stop(std::chrono::milliseconds deadline) {
    stopping_ = true;
    if (!process_) {
        return;
    }
    process_->signal(SIGTERM);
    const auto until = std::chrono::steady_clock::now() + deadline;
    const auto runs = [this] {
        const char state = state_of(process_->pid());
        return state != ' ' && state != 'Z';
    };
    while (runs() && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    if (runs()) {
        process_->signal(SIGKILL);
        // Gone for sure: who comes next would else find a server that dies under it.
        for (int turn = 0; turn < 40 && runs(); ++turn) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
    }
    log_event(LogLevel::info, "jack-server-stopped", {{"server", server_}});
    process_.reset();
}

}  // namespace crowdjack
