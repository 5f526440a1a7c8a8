// SPDX-License-Identifier: GPL-3.0-or-later
// Every client under a session manager: NSM's real message sequence, and JACK's own session callback.
#include "tests/session/stand_in_manager.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>

using namespace crowdjack::test;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> split_at_blanks(const std::string& command) {
    std::istringstream text{command};
    return {std::istream_iterator<std::string>{text}, {}};
}

struct Expected {
    std::string program;
    const char* client_id;
    const char* port;
    const char* plain_name;
};

}  // namespace

TEST_CASE("every client announces itself, opens under NSM's name, saves, and is the same again when reopened") {
    const JackServer server;
    const TemporaryFolder session;
    for (const Expected& expected :
         {Expected{"crowdjack-deck", "crowdjack deck.nABCD", "out_l", "deck-A"},
          Expected{"crowdjack-mixer-bus", "crowdjack mixer-bus.nEFGH", "master_l", "mixer-bus"},
          Expected{"crowdjack-bpm-follower", "crowdjack bpm-follower.nIJKL", "midi_clock", "bpm-follower"}}) {
        CAPTURE(expected.program);
        const std::string id = expected.client_id;
        const fs::path project = session / id;
        SessionManager manager;
        auto client = manager.launch(expected.program, server.name());
        const OscReceived announcement = manager.welcome();
        REQUIRE(announcement.arguments.size() == 6);
        CHECK(announcement.text(2) == expected.program);
        CHECK(announcement.number(3) == 1);
        CHECK(announcement.number(5) == client->pid());
        const std::string url = url_of(*client);
        CHECK_FALSE(server.has_port(id + ":" + expected.port));  // no JACK client before open

        manager.osc().send(url, at::reply,
                           {std::string{"/nsm/server/announce"}, std::string{"hello"}, std::string{"test manager"},
                            std::string{":server-control:"}});
        CHECK(manager.ask(url, "/nsm/client/open", {project.string(), std::string{"test"}, id}).address == at::reply);
        CHECK(server.wait_for_port(id + ":" + expected.port));
        manager.osc().send(url, "/nsm/client/session_is_loaded");
        const auto entry = registry_entry(server.name(), expected.plain_name);
        REQUIRE(entry);
        CHECK(entry->at("jack") == id);
        CHECK(entry->at("url") == url);

        CHECK(manager.ask(url, "/nsm/client/save", {}).address == at::reply);
        CHECK(fs::exists(project / "state"));
        CHECK(text_of(project / "name") == std::string{expected.plain_name} + "\n");
        CHECK(client->terminate() == 0);

        auto reopened = manager.launch(expected.program, server.name());
        manager.welcome();
        const std::string new_url = url_of(*reopened);
        CHECK(manager.ask(new_url, "/nsm/client/open", {project.string(), std::string{"test"}, id}).address ==
              at::reply);
        CHECK(registry_entry(server.name(), expected.plain_name));

        // :switch: another session's project in the running process, under its own id
        const std::string other_id = "other.nWXYZ";
        CHECK(manager.ask(new_url, "/nsm/client/open", {(session / "other").string(), std::string{"other"}, other_id})
                  .address == at::reply);
        CHECK(server.wait_for_port(other_id + ":" + expected.port));
        CHECK_FALSE(server.has_port(id + ":" + expected.port));
        CHECK(reopened->terminate() == 0);
        fs::remove_all(session / "other");
    }
}

TEST_CASE("a deck's letter and state travel in NSM's project, and a change makes it dirty until saved") {
    const JackServer server;
    const TemporaryFolder session;
    SessionManager manager;
    auto first = manager.launch("crowdjack-deck", server.name());
    manager.welcome();
    const std::string first_url = url_of(*first);
    manager.ask(first_url, "/nsm/client/open",
                {(session / "one").string(), std::string{"s"}, std::string{"deck.nAAAA"}});
    auto second = manager.launch("crowdjack-deck", server.name());
    manager.welcome();
    const std::string second_url = url_of(*second);
    manager.ask(second_url, "/nsm/client/open",
                {(session / "two").string(), std::string{"s"}, std::string{"deck.nBBBB"}});
    CHECK(registry_entry(server.name(), "deck-B")->at("jack") == "deck.nBBBB");

    // Opening may leave something to save: once that is saved, a change must be announced.
    CHECK(manager.ask(second_url, "/nsm/client/save", {}).address == at::reply);
    const std::size_t mark = manager.osc().count();
    CHECK(manager.ask(second_url, at::deck_bpm, {133.5}).address == at::reply);
    CHECK(manager.osc().wait_for("/nsm/client/is_dirty", mark));
    CHECK(manager.ask(second_url, "/nsm/client/save", {}).address == at::reply);
    CHECK(manager.osc().wait_for("/nsm/client/is_clean", mark));
    first->terminate();
    second->terminate();

    // Reopened alone, with letter A free: it is still deck B, and still at its tempo.
    auto again = manager.launch("crowdjack-deck", server.name());
    manager.welcome();
    const std::string url = url_of(*again);
    manager.ask(url, "/nsm/client/open", {(session / "two").string(), std::string{"s"}, std::string{"deck.nBBBB"}});
    CHECK(registry_entry(server.name(), "deck-B"));
    const auto bpm = manager.osc().request(url, at::deck_bpm);
    REQUIRE(bpm);
    CHECK(bpm->number(0) == 133.5);
}

TEST_CASE("a session manager that dies takes nobody with it") {
    const JackServer server;
    const TemporaryFolder session;
    std::unique_ptr<Process> deck;
    std::string url;
    {
        SessionManager manager;
        deck = manager.launch("crowdjack-deck", server.name());
        manager.welcome();
        url = url_of(*deck);
        manager.ask(url, "/nsm/client/open", {(session / "p").string(), std::string{"s"}, std::string{"deck.nDEAD"}});
    }
    OscClient osc;
    CHECK(osc.request(url, at::deck_bpm, {121.0})->address == at::reply);  // wants to say is_dirty to nobody
    CHECK(osc.request(url, at::deck_state));
    CHECK(server.has_port("deck.nDEAD:out_l"));
}

TEST_CASE("a session and a follower under NSM share the movement port, whoever comes first, and the patch comes back") {
    const JackServer server;
    const TemporaryFolder project;
    const std::string door{"osc.udp://127.0.0.1:57120/"};
    std::vector<std::string> programs{"crowdjack-session", "crowdjack-bpm-follower", "crowdjack-mixer-bus"};
    SessionManager manager;
    for (const bool first_time : {true, false}) {
        CAPTURE(first_time);
        std::vector<std::unique_ptr<Process>> clients;
        for (const std::string& program : programs) {
            clients.push_back(manager.launch(program, server.name()));
            CHECK(manager.welcome().text(2) == program);
            const std::string url = program == "crowdjack-session" ? door : url_of(*clients.back());
            const auto opened = manager.ask(url, "/nsm/client/open",
                                            {(project / program).string(), std::string{"s"}, program + ".nAAAA"});
            CHECK(opened.address == at::reply);
        }
        const std::string from = "crowdjack-mixer-bus.nAAAA:master_l";
        if (first_time) {
            server.connect(from, "system:playback_2");
        }
        CHECK(eventually([&] { return server.connected(from, "system:playback_2"); }));
        OscClient osc;
        for (const char* url : {"osc.udp://127.0.0.1:57120/", "osc.udp://127.0.0.1:57122/"}) {
            const auto state = osc.request(url, at::tempo_state);
            REQUIRE(state);
            CHECK(state->address == at::tempo_state);
        }
        // When the session has seen the connection it is worth saving.
        const auto saved_when = [&](bool there) {
            return eventually([&] {
                manager.ask(door, "/nsm/client/save", {});
                const std::string state = text_of(project / "crowdjack-session" / "state");
                return (state.find("system:playback_2") != std::string::npos) == there;
            });
        };
        CHECK(saved_when(true));
        // What the user unpatches stays so, and is not wanted any more.
        server.disconnect(from, "system:playback_2");
        CHECK(saved_when(false));
        CHECK(!server.connected(from, "system:playback_2"));
        server.connect(from, "system:playback_2");
        CHECK(saved_when(true));
        for (const auto& client : clients) {
            CHECK(client->terminate() == 0);
        }
        std::reverse(programs.begin(), programs.end());
    }
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // still what qjackctl's Session window speaks
#include <jack/session.h>

TEST_CASE("JACK's session callback saves, and the command line it returns restores the deck") {
    const JackServer server;
    const TemporaryFolder folder;
    // A command of more than the 256 characters that JACK takes, with a folder that no shell may take apart.
    const fs::path music = folder / (std::string(200, 'm') + " it's $HOME");
    fs::create_directory(music);
    const std::string track = (music / "a.wav").string();
    write_audio(track, as_channels(sine(440.0, 2.0, 48000.0, 0.25), 2), 2, 48000);
    const std::string deck_path = program_path("crowdjack-deck");
    auto deck =
        std::make_unique<Process>(std::vector{deck_path, std::string{"--server"}, server.name(), std::string{"--name"},
                                              std::string{"B"}, std::string{"--music-dir"}, music.string()},
                                  armed());
    OscClient osc;
    const std::string url = wait_for_client(server.name(), "deck-B");
    CHECK(osc.request(url, at::deck_cue, {track})->is_reply_to(at::deck_cue));
    CHECK(osc.request(url, at::deck_bpm, {127.25})->address == at::reply);

    const std::string path = folder.path().string() + "/";
    jack_session_command_t* answers =
        jack_session_notify(server.observer(), nullptr, JackSessionSaveAndQuit, path.c_str());
    REQUIRE(answers != nullptr);
    std::string command;
    for (const jack_session_command_t* answer = answers; answer->uuid != nullptr; ++answer) {
        if (answer->client_name == std::string{"deck-B"}) {
            command = answer->command == nullptr ? "" : answer->command;
        }
    }
    jack_session_commands_free(answers);
    CHECK(deck->wait() == 0);  // save and quit

    const std::string placeholder = "${SESSION_DIR}";
    const std::size_t at = command.find(placeholder);
    REQUIRE(at != std::string::npos);
    // A session manager puts the client's folder in its place, as JACK names it: DIR/CLIENT/
    command.replace(at, placeholder.size(), path + "deck-B/");
    Process::Options options = armed();
    options.environment["PATH"] = fs::path{deck_path}.parent_path().string() + ":" + std::getenv("PATH");
    // qjackctl splits the command at blanks, without a shell.
    const Process restored{split_at_blanks(command), options};
    const std::string again = wait_for_client(server.name(), "deck-B");
    const auto bpm = osc.request(again, at::deck_bpm);
    REQUIRE(bpm);
    CHECK(bpm->number(0) == 127.25);
    CHECK(eventually([&] {
        const auto state = osc.request(again, at::deck_state);
        return state && state->text(1) == track;
    }));
    // Loaded while it runs: the running deck takes what was saved, and nothing starts twice.
    CHECK(osc.request(again, at::deck_bpm, {99.0})->address == at::reply);
    CHECK(osc.request(again, at::deck_eject)->is_reply_to(at::deck_eject));
    Process second{split_at_blanks(command), options};
    CHECK(second.wait() == 0);
    CHECK(eventually([&] { return osc.request(again, at::deck_bpm)->number(0) == 127.25; }));
    CHECK(eventually([&] { return osc.request(again, at::deck_state)->text(1) == track; }));
    CHECK(registry_entry(server.name(), "deck-B")->at("url") == again);
}

TEST_CASE("a JACK session in a folder with a blank and an umlaut comes back through a command without quotes") {
    const JackServer server;
    const TemporaryFolder folder;
    const fs::path session = folder / "Mein Gär tn/";
    fs::create_directories(session);
    const std::string track = (session / "a b ö.wav").string();
    write_audio(track, as_channels(sine(440.0, 2.0, 48000.0, 0.25), 2), 2, 48000);
    auto deck =
        std::make_unique<Process>(std::vector<std::string>{program_path("crowdjack-deck"), "--server", server.name(),
                                                           "--name", "B", "--music-dir", session.string()},
                                  armed());
    OscClient osc;
    const std::string url = wait_for_client(server.name(), "deck-B");
    CHECK(osc.request(url, at::deck_cue, {track})->is_reply_to(at::deck_cue));
    const std::string path = session.string();
    jack_session_command_t* answers =
        jack_session_notify(server.observer(), nullptr, JackSessionSaveAndQuit, path.c_str());
    REQUIRE(answers != nullptr);
    std::string command = answers[0].command == nullptr ? "" : answers[0].command;
    jack_session_commands_free(answers);
    CHECK(deck->wait() == 0);
    CHECK(command.find_first_of("'\"") == std::string::npos);
    CHECK(command.find("${SESSION_DIR}") == std::string::npos);
    Process::Options options = armed();
    options.environment["PATH"] =
        fs::path{program_path("crowdjack-deck")}.parent_path().string() + ":" + std::getenv("PATH");
    const Process restored{split_at_blanks(command), options};
    const std::string again = wait_for_client(server.name(), "deck-B");
    CHECK(eventually([&] {
        const auto state = osc.request(again, at::deck_state);
        return state && state->text(0) == "cued" && state->text(1) == track;
    }));
}

TEST_CASE("a mixer restored by JACK session keeps the recording it made before, beside the new one") {
    const JackServer server;
    const TemporaryFolder folder;
    const std::string recording = (folder / "set.wav").string();
    const std::string path = folder.path().string() + "/";
    auto mixer = std::make_unique<Process>(
        std::vector<std::string>{program_path("crowdjack-mixer-bus"), "--server", server.name(), "--record", recording},
        armed());
    (void)wait_for_client(server.name(), "mixer-bus");
    REQUIRE(eventually([&] { return fs::exists(recording); }));
    jack_session_command_t* answers = jack_session_notify(server.observer(), nullptr, JackSessionSave, path.c_str());
    REQUIRE(answers != nullptr);
    const std::string command = answers[0].command == nullptr ? "" : answers[0].command;
    jack_session_commands_free(answers);
    CHECK(mixer->terminate() == 0);
    const Process restored{{"sh", "-c", "SESSION_DIR='" + path + "mixer-bus/'; exec " + command}, armed()};
    (void)wait_for_client(server.name(), "mixer-bus");
    CHECK(eventually([&] { return fs::exists(folder / "set-2.wav"); }));
}

#pragma GCC diagnostic pop

TEST_CASE("SIGUSR1 saves") {
    const JackServer server;
    const Process deck{{program_path("crowdjack-deck"), "--server", server.name(), "--name", "A"}, armed()};
    (void)wait_for_client(server.name(), "deck-A");
    const fs::path state = registry_of(server.name()) / "deck-A.state";
    REQUIRE(eventually([&] { return fs::exists(state); }));
    fs::remove(state);
    deck.signal(SIGUSR1);
    CHECK(eventually([&] { return fs::exists(state); }));
}
