// SPDX-License-Identifier: GPL-3.0-or-later
// What an installation meets in months with nobody there: a card that is away, a folder that goes, clients that
// misbehave, a log that nobody reads.
#include "common/jack_door.hpp"
#include "tests/session/session_room.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace crowdjack::test;
using std::string;
namespace fs = std::filesystem;

namespace {

/// `status --check`: its exit code and its line.
struct Health {
    int code{};
    string line;
};
Health health() {
    Process status{{program_path("crowdjack-session"), "status", "--check", "--server", "test"}};
    const int code = status.wait().value_or(-1);
    return {code, status.whole_output()};
}

bool healthy_soon() {
    return eventually([] { return health().code == 0; });
}

/// Processes of session "test" that still run.
int marked_processes() {
    int count = 0;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{"/proc", error}) {
        const string environment = '\0' + text_of(entry.path() / "environ");
        count += environment.find(string{'\0'} + "CROWDJACK_SESSION=test") != string::npos ? 1 : 0;
    }
    return count;
}

/// A jackd that finds no card while `away` exists.
class LooseCard {
public:
    explicit LooseCard(const fs::path& folder) : away_{folder / "away"}, path_{std::getenv("PATH")} {
        fs::create_directory(folder / "bin");
        std::ofstream{folder / "bin" / "jackd"}
            << "#!/bin/sh\n[ -e '" << away_.string()
            << "' ] && { echo 'ERROR: no card' >&2; exit 1; }\nexec /usr/bin/jackd \"$@\"\n";
        fs::permissions(folder / "bin" / "jackd", fs::perms::owner_all);
        setenv("PATH", ((folder / "bin").string() + ":" + path_).c_str(), 1);
    }
    ~LooseCard() { setenv("PATH", path_.c_str(), 1); }
    LooseCard(const LooseCard&) = delete;
    LooseCard& operator=(const LooseCard&) = delete;
    void pull() const { std::ofstream{away_} << "x"; }
    void plug() const { fs::remove(away_); }

private:
    fs::path away_;
    string path_;
};

}  // namespace

TEST_CASE("a card that is away for long is looked for until it is back, and the set goes on") {
    const TemporaryFolder bin;
    const LooseCard card{bin.path()};
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    CHECK(healthy_soon());
    card.pull();
    const pid_t server = room.server_pid();
    REQUIRE(server > 0);
    ::kill(server, SIGKILL);
    // On the old code: given up after the fifth try.
    REQUIRE(room.session->wait_for_line("jack-server-keeps-ending server=test times=10"));
    const Health away = health();
    CHECK(away.code == 1);
    CHECK(away.line.find("degraded: the JACK server is away") != string::npos);
    card.plug();
    CHECK(room.wait_until_connected());
    CHECK(healthy_soon());
    CHECK(room.session->terminate() == 0);
    const string output = room.session->whole_output();
    // One line at each tenth try, and its words with it: neither a flood nor silence.
    CHECK(output.find("jack-server-keeps-ending server=test times=7 ") == string::npos);
    CHECK(output.find("no card") != string::npos);
}

TEST_CASE("JACK's metadata store is not removed while another program is in it") {
    // What is in there dies of it, by SIGBUS: of 96 starts after a card was away four did.
    const fs::path left = "/dev/shm/jack_db-" + std::to_string(getuid());
    fs::create_directory(left);
    std::ofstream{left / "left"} << "x";
    auto inside = std::make_unique<crowdjack::JackDoor>(std::chrono::milliseconds{0});
    SessionRoom room;
    // Whoever stays inside is passed by: after a second by the look for a server, then after 0.3 s by the removal.
    REQUIRE(eventually([&] { return std::distance(fs::directory_iterator{left}, {}) > 1; }));  // made by the look
    const bool removed = eventually([&] { return !fs::exists(left / "left"); }, Deadline{150});
    inside.reset();
    CHECK_FALSE(removed);
    CHECK(room.session->wait_for_line("jack-metadata-store-removed"));
    CHECK(room.wait_until_whole());
}

TEST_CASE("a server of somebody else that dies and does not come back is replaced by one of the session's") {
    const auto stranger = std::make_unique<JackServer>(JackServer::Settings{48000, 256, "test"});
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    CHECK(room.session->output().find("jack-server-found server=test ours=false") != string::npos);
    stranger->kill_hard();
    // On the old code: silence until somebody starts one.
    CHECK(room.session->wait_for_line("jack-server-lost server=test"));
    CHECK(room.wait_until_connected());
    CHECK(healthy_soon());
}

TEST_CASE(
    "a runtime folder that is removed is put back: all are found, the killed start again, nobody else is killed") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    const string track = room.coded_track("left.wav", CodedChannels::both);
    REQUIRE(room.ask(at::cue, {string{"B"}, track}));
    REQUIRE(room.ask(at::start_group, {0.05F, string{"B"}}));
    const pid_t mixer = SessionRoom::pid_of("mixer-bus");
    const pid_t deck_b = SessionRoom::pid_of("deck-B");
    const pid_t deck_a = SessionRoom::pid_of("deck-A");
    for (int round = 0; round < 2; ++round) {
        REQUIRE(eventually([] {  // the clients write there meanwhile
            std::error_code again;
            fs::remove_all(registry_of("test").parent_path(), again);
            return !again;
        }));
        if (round == 1) {
            ::kill(deck_a, SIGKILL);  // while there is no folder to start it in
        }
        REQUIRE(eventually([&] { return SessionRoom::pid_of("mixer-bus") == mixer; }));
        REQUIRE(eventually([&] { return SessionRoom::pid_of("deck-B") == deck_b; }));
        REQUIRE(eventually([] { return SessionRoom::pid_of("session") != 0; }));
    }
    CHECK(SessionRoom::wait_for_successor("deck-A", deck_a));
    CHECK(room.wait_until_connected());
    CHECK(healthy_soon());
    // A client that dies now finds its words again: the state is back as well.
    const pid_t before = SessionRoom::signal("deck-B", SIGKILL);
    REQUIRE(SessionRoom::wait_for_successor("deck-B", before));
    CHECK(eventually([&] {
        const auto state = room.osc.request(wait_for_client("test", "deck-B"), at::deck_state);
        return state && state->text(0) == "playing" && state->text(1) == fs::canonical(track).string();
    }));
    CHECK(SessionRoom::pid_of("mixer-bus") == mixer);
    CHECK(room.session->output().find("client-hangs") == string::npos);
}

TEST_CASE("a JACK server that stands still for a second is no other server: its clock goes on") {
    SessionRoom room{1024};
    REQUIRE(room.wait_until_whole());
    for (int times = 0; times < 3; ++times) {
        ::kill(room.server_pid(), SIGSTOP);
        std::this_thread::sleep_for(std::chrono::milliseconds{1200});
        ::kill(room.server_pid(), SIGCONT);
        std::this_thread::sleep_for(
            std::chrono::seconds{1});  // for as long the server's estimate of the time is behind
    }
    CHECK(room.patch() == "complete");
    CHECK(room.session->terminate() == 0);
    CHECK(room.session->whole_output().find("clock-jumped") == string::npos);
}

TEST_CASE("clients that flood, go to the background, fork helpers and ignore SIGTERM cost the others nothing") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    room.start_again_with(R"(
[[client]]
name = "flood"
run = ["sh", "-c", "trap '' TERM; while :; do echo '0123456789012345678901234567890123456789'; done"]
[[client]]
name = "daemon"
run = ["sh", "-c", "setsid sleep 500 & exit 0"]
[[client]]
name = "slow-daemon"
run = ["sh", "-c", '''env -i "PATH=$PATH" sh -c 'sleep 0.08; exec env "$@" sleep 504' - "CROWDJACK_SESSION=$CROWDJACK_SESSION" "CROWDJACK_CLIENT=$CROWDJACK_CLIENT" & sleep 0.05; exit 0''']
[[client]]
name = "forker"
run = ["sh", "-c", "setsid sleep 501 & sleep 502 & sleep 503"]
[[client]]
name = "wrong"
run = ["crowdjack-deck", "--bpm", "0"]
)");
    CHECK(room.wait_until_whole());
    CHECK(room.session->wait_for_line("output-dropped client=flood"));
    CHECK(room.session->wait_for_line("client-in-background client=daemon"));
    // Whose it is can be read only after a moment, as while a process becomes another program.
    CHECK(room.session->wait_for_line("client-in-background client=slow-daemon"));
    const auto wrong = room.session->wait_for_line(" wrong: ended-with why=");
    REQUIRE(wrong);
    CHECK(wrong->find(" error wrong: ended-with why=\"--bpm ") != string::npos);
    REQUIRE(room.session->wait_for_line("client-keeps-ending client=wrong times=5"));
    const Health sick = health();
    CHECK(sick.code == 1);
    CHECK(sick.line.find("wrong keeps ending") != string::npos);
    CHECK(room.ask(at::get_status));  // answered meanwhile
    const double before = room.session->cpu_seconds();
    const std::size_t lines = room.session->lines().size();
    for (int turn = 0; turn < 20; ++turn) {
        CHECK(room.ask(at::get_status));
        (void)eventually([] { return false; }, Deadline{50});
    }
    CHECK(room.session->cpu_seconds() - before < 1.0);
    CHECK(room.session->lines().size() - lines < 8'000);
    room.close_observer();
    CHECK(room.session->terminate() == 0);
    CHECK(eventually([] { return marked_processes() == 0; }));
    const string output = room.session->whole_output();
    for (const string started : {"client-started client=daemon", "client-started client=slow-daemon"}) {
        CHECK(output.find(started) == output.rfind(started));
    }
}

TEST_CASE("a log that nobody reads stops neither the session nor its end") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    CHECK(room.session->terminate() == 0);
    const fs::path log = room.folder / "log";
    REQUIRE(mkfifo(log.c_str(), 0600) == 0);
    const int unread = open(log.c_str(), O_RDWR | O_CLOEXEC);
    std::ofstream{room.file(), std::ios::app} << "[[client]]\nname = \"flood\"\nrun = [\"sh\", \"-c\", \"while :; do "
                                                 "echo 0123456789012345678901234567890123456789; done\"]\n";
    room.session =
        std::make_unique<Process>(std::vector<string>{"sh", "-c",
                                                      "exec '" + program_path("crowdjack-session") + "' run '" +
                                                          room.file().string() + "' 2>'" + log.string() + "'"});
    REQUIRE(room.wait_until_whole());
    // The flood fills the pipe at once; on the old code the front door is dead from then on.
    REQUIRE(eventually([&] {
        std::array<char, 1> room_for_one{'\n'};
        const int probe = open(log.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        const bool full = write(probe, room_for_one.data(), 1) < 0;
        close(probe);
        return full;
    }));
    for (int turn = 0; turn < 5; ++turn) {
        CHECK(room.ask(at::get_status));
    }
    CHECK(room.session->terminate(Deadline{5000}) == 0);
    close(unread);
}

TEST_CASE("SIGHUP ends nothing, a second run names the session that runs, and a clean stop is silent") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    const pid_t deck = SessionRoom::signal("deck-A", SIGHUP);
    const pid_t mixer = SessionRoom::signal("mixer-bus", SIGHUP);
    room.session->signal(SIGHUP);
    REQUIRE(room.session->wait_for_line("crowdjack-session: hangup"));
    Process second{{program_path("crowdjack-session"), "run", room.file().string()}};
    CHECK(second.wait() == 1);
    CHECK(second.whole_output().find("session " + room.file().string() + " (pid " +
                                     std::to_string(SessionRoom::pid_of("session")) +
                                     ") on server 'test' runs already") != string::npos);
    // Another server, but the same front door.
    string text = text_of(room.file());
    text.replace(text.find("\"test\""), 6, "\"else\"");
    std::ofstream{room.folder / "else.toml"} << text;
    Process third{{program_path("crowdjack-session"), "run", (room.folder / "else.toml").string()}};
    CHECK(third.wait() == 1);
    CHECK(third.whole_output().find(room.file().string()) != string::npos);
    CHECK(SessionRoom::pid_of("deck-A") == deck);
    CHECK(SessionRoom::pid_of("mixer-bus") == mixer);
    CHECK(room.patch() == "complete");
    const std::size_t lines = room.session->lines().size();
    CHECK(room.session->terminate() == 0);
    (void)room.session->whole_output();
    const auto all = room.session->lines();
    for (std::size_t i = lines; i < all.size(); ++i) {
        INFO(all[i]);
        CHECK(all[i].find("Unknown source port") == string::npos);
        CHECK(all[i].find(" error ") == string::npos);
    }
    CHECK(health().code == 2);
}

TEST_CASE("a session that is told to stop before its JACK server answers ends well and takes the server along") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    for (int times = 0; times < 5; ++times) {
        REQUIRE(room.session->terminate() == 0);
        room.start();
        REQUIRE(room.session->wait_for_line("jack-server-started"));
    }
    CHECK(room.session->terminate() == 0);
    CHECK(eventually([] { return marked_processes() == 0; }));
}

namespace {

/// Stands in for systemd: the socket of $NOTIFY_SOCKET.
class ServiceManager {
public:
    explicit ServiceManager(const fs::path& path) : fd_{socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)} {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const string name = path.string();
        std::copy(name.begin(), name.end(), std::begin(address.sun_path));
        (void)bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    ~ServiceManager() { close(fd_); }
    ServiceManager(const ServiceManager&) = delete;
    ServiceManager& operator=(const ServiceManager&) = delete;

    /// How often `state` has been said so far.
    int said(const string& state) {
        std::array<char, 4096> buffer{};
        for (ssize_t size = 0; (size = recv(fd_, buffer.data(), buffer.size(), 0)) > 0;) {
            heard_.emplace_back(buffer.data(), static_cast<std::size_t>(size));
        }
        return static_cast<int>(
            std::count_if(heard_.begin(), heard_.end(), [&](const string& text) { return text.starts_with(state); }));
    }

private:
    int fd_;
    std::vector<string> heard_;
};

}  // namespace

TEST_CASE("systemd hears when the session is ready, that it lives, and when it stops; its children say nothing") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    CHECK(room.session->terminate() == 0);
    const TemporaryFolder near;
    ServiceManager manager{near / "n"};
    Process::Options options;
    options.environment = {{"NOTIFY_SOCKET", (near / "n").string()}, {"WATCHDOG_USEC", "200000"}};
    room.session = std::make_unique<Process>(
        std::vector<string>{program_path("crowdjack-session"), "run", room.file().string()}, options);
    CHECK(eventually([&] { return manager.said("READY=1") == 1; }));
    CHECK(eventually([&] { return manager.said("WATCHDOG=1") >= 3; }));
    CHECK(eventually([&] { return manager.said("STATUS=6 of 6 connections") >= 1; }));
    CHECK(text_of("/proc/" + std::to_string(SessionRoom::living_pid_of("deck-A")) + "/environ").find("NOTIFY_SOCKET") ==
          string::npos);
    // A session that stands still gives no sign of life.
    room.session->signal(SIGSTOP);
    (void)eventually([] { return false; }, Deadline{300});
    const int before = manager.said("WATCHDOG=1");
    (void)eventually([] { return false; }, Deadline{600});
    CHECK(manager.said("WATCHDOG=1") == before);
    room.session->signal(SIGCONT);
    CHECK(room.session->terminate() == 0);
    CHECK(manager.said("STOPPING=1") == 1);
}
