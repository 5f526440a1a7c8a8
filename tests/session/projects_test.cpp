// SPDX-License-Identifier: GPL-3.0-or-later
// What was saved comes back: projects of a session manager opened, changed, saved and opened again, with files and
// servers that are away in between.
#include "tests/session/stand_in_manager.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <fstream>

using namespace crowdjack::test;
namespace fs = std::filesystem;

namespace {

/// A server, a manager, a folder with two tracks of 20 s, and one for the session.
struct Room {
    Room() {
        write_audio(track("a"), as_channels(sine(330.0, 20.0, 48000.0), 2), 2, 48000, SampleFormat::pcm16);
        write_audio(track("b"), as_channels(sine(440.0, 20.0, 48000.0), 2), 2, 48000, SampleFormat::pcm16);
    }
    [[nodiscard]] std::string track(const std::string& name) const { return (music / (name + ".wav")).string(); }

    SessionManager::Client open_deck(const fs::path& project, const std::string& id = "deck.nAAAA") {
        return manager.open("crowdjack-deck", server.name(), project, id, music.path());
    }
    OscReceived ask(const SessionManager::Client& client, const std::string& address,
                    const std::vector<OscValue>& arguments = {}) {
        const auto answer = osc.request(client.url, address, arguments);
        REQUIRE(answer);
        CAPTURE(answer->shown());
        CHECK(answer->address != at::error);
        return *answer;
    }
    /// Plays, and has left the place where it began.
    bool plays_beyond(const SessionManager::Client& client, const std::string& path, double place) {
        return reaches(client, "playing", path) && eventually([&] { return position(client) > place; });
    }
    bool reaches(const SessionManager::Client& client, const std::string& state, const std::string& path) {
        return eventually([&] {
            const auto now = osc.request(client.url, at::deck_state);
            return now && now->text(0) == state && now->text(1) == path;
        });
    }
    std::string url_in_registry(const std::string& client) const {
        const auto entry = registry_entry(server.name(), client);
        return entry && entry->contains("url") ? entry->at("url") : "";
    }
    double position(const SessionManager::Client& client) { return ask(client, at::deck_state).number(3); }

    TemporaryFolder music, session;
    JackServer server;
    SessionManager manager;
    OscClient osc;
};

constexpr double period_s = 128.0 / 48000.0;

/// A number behind a key of a saved state.
double saved_number(const std::string& text, const std::string& key) {
    const auto at = text.find("\"" + key + "\":");
    REQUIRE(at != std::string::npos);
    return std::stod(text.substr(at + key.size() + 3));
}

}  // namespace

TEST_CASE("a deck that is switched between two projects ten times while it plays is each time as it was saved") {
    Room room;
    const fs::path one = room.session / "one";
    const fs::path two = room.session / "two";
    const auto deck = room.open_deck(one);
    room.ask(deck, at::deck_cue, {room.track("a"), 3.0});
    room.ask(deck, at::deck_grid, {127.25, 0.31});
    room.ask(deck, at::deck_gain, {0.5F, 0.0});
    room.ask(deck, at::deck_hotcue, {2, 5.5});
    room.ask(deck, at::deck_start);
    REQUIRE(room.plays_beyond(deck, room.track("a"), 3.0));
    CHECK(room.manager.save(deck).address == at::reply);
    const std::string saved_one = text_of(one / "state");
    const double place = saved_number(saved_one, "rest_source") / 48000.0;
    CHECK(place > 3.0);

    CHECK(room.manager.change(deck, two, "deck.nBBBB").address == at::reply);
    CHECK(room.reaches(deck, "empty", ""));
    CHECK(room.ask(deck, at::deck_gain).number(0) == 1.0);
    CHECK(room.ask(deck, at::deck_bpm).number(0) == 120.0);
    room.ask(deck, at::deck_cue, {room.track("b"), 1.0, 99.5});
    room.ask(deck, at::deck_gain, {0.25F, 0.0});
    CHECK(room.manager.save(deck).address == at::reply);
    const std::string saved_two = text_of(two / "state");
    room.ask(deck, at::deck_start);
    REQUIRE(room.reaches(deck, "playing", room.track("b")));

    for (int round = 0; round < 10; ++round) {
        CAPTURE(round);
        CHECK(room.manager.change(deck, one, "deck.nAAAA").address == at::reply);
        CHECK(room.reaches(deck, "stopped", room.track("a")));
        CHECK(std::abs(room.position(deck) - place) <= period_s);
        CHECK(room.ask(deck, at::deck_gain).number(0) == 0.5);
        CHECK(room.ask(deck, at::deck_bpm).number(0) == 127.25);
        CHECK(room.ask(deck, at::deck_grid).number(1) == 0.31);
        CHECK(room.server.has_port("deck.nAAAA:out_l"));
        room.ask(deck, at::deck_start);
        CHECK(room.reaches(deck, "playing", room.track("a")));

        CHECK(room.manager.change(deck, two, "deck.nBBBB").address == at::reply);
        CHECK(room.reaches(deck, "cued", room.track("b")));
        CHECK(room.position(deck) == 1.0);
        CHECK(room.ask(deck, at::deck_gain).number(0) == 0.25);
        CHECK(room.ask(deck, at::deck_bpm).number(0) == 99.5);
        CHECK(text_of(one / "state") == saved_one);
        CHECK(text_of(two / "state") == saved_two);
        room.ask(deck, at::deck_start);
        CHECK(room.reaches(deck, "playing", room.track("b")));
    }
    // The hot cue lies where it was set: recalled, it plays on from there.
    CHECK(room.manager.change(deck, one, "deck.nAAAA").address == at::reply);
    CHECK(room.reaches(deck, "stopped", room.track("a")));
    room.ask(deck, at::deck_hotcue, {2});
    CHECK(eventually([&] { return room.position(deck) == 5.5; }));
}

TEST_CASE("a deck saved while it plays opens later at the place it had, and plays by itself only when told so") {
    for (const bool autoplay : {false, true}) {
        CAPTURE(autoplay);
        Room room;
        const fs::path project = room.session / "p";
        auto deck = room.open_deck(project);
        room.ask(deck, at::deck_autoplay, {autoplay});
        room.ask(deck, at::deck_cue, {room.track("a"), 19.0});
        room.ask(deck, at::deck_start);
        REQUIRE(room.plays_beyond(deck, room.track("a"), 19.0));
        CHECK(room.manager.save(deck).address == at::reply);
        const double place = saved_number(text_of(project / "state"), "rest_source") / 48000.0;
        // Until long after the track has ended.
        REQUIRE(room.reaches(deck, "stopped", room.track("a")));
        CHECK(deck.process->terminate() == 0);
        deck = room.open_deck(project);
        if (autoplay) {
            CHECK(eventually([&] { return deck.process->output().find("started") != std::string::npos; }));
            CHECK(room.reaches(deck, "stopped", room.track("a")));  // it played to its end again
        } else {
            CHECK(room.reaches(deck, "stopped", room.track("a")));
            CHECK(std::abs(room.position(deck) - place) <= period_s);
            CHECK(deck.process->output().find("started") == std::string::npos);
        }
    }
}

TEST_CASE("a deck saved in the moment in which a start it waited for comes is saved as playing") {
    Room room;
    const fs::path project = room.session / "p";
    const auto deck = room.open_deck(project);
    for (int trial = 0; trial < 5; ++trial) {
        room.ask(deck, at::deck_cue, {room.track("a"), 3.0});
        REQUIRE(room.reaches(deck, "cued", room.track("a")));
        room.ask(deck, at::deck_start, {static_cast<std::int32_t>(room.server.frame() + 12'000)});
        const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        while (room.position(deck) <= 3.0) {
            REQUIRE(std::chrono::steady_clock::now() < patience);
        }
        CHECK(room.manager.save(deck).address == at::reply);
        const std::string saved = text_of(project / "state");
        CHECK(saved_number(saved, "rest_source") > 3.0 * 48000.0);
        CHECK(saved.find("\"playing\": true") != std::string::npos);
        room.ask(deck, at::deck_eject);
        REQUIRE(room.reaches(deck, "empty", ""));
    }
}

TEST_CASE("a track that is away is said, kept as it was saved, and cued by itself when it is back") {
    Room room;
    const fs::path project = room.session / "p";
    auto deck = room.open_deck(project);
    room.ask(deck, at::deck_cue, {room.track("a"), 2.0, 131.0});
    room.ask(deck, at::deck_stem_load, {3, room.track("b")});
    CHECK(room.manager.save(deck).address == at::reply);
    const std::string saved = text_of(project / "state");
    CHECK(deck.process->terminate() == 0);

    fs::rename(room.track("a"), room.music / "elsewhere");
    const std::size_t mark = room.manager.osc().count();
    deck = room.open_deck(project);
    CHECK(room.reaches(deck, "missing", room.track("a")));
    const auto told = room.manager.osc().wait_for("/nsm/client/message", mark);
    REQUIRE(told);
    CHECK(told->text(1).find("missing " + room.track("a")) == 0);
    CHECK(room.manager.save(deck).address == at::reply);
    CHECK(text_of(project / "state") == saved);
    // What the user sets meanwhile is the user's, and loses nothing of it.
    room.ask(deck, at::deck_gain, {0.75F, 0.0});
    CHECK(room.manager.save(deck).address == at::reply);
    CHECK(text_of(project / "state").find(room.track("a")) != std::string::npos);

    fs::rename(room.music / "elsewhere", room.track("a"));
    CHECK(room.reaches(deck, "cued", room.track("a")));
    CHECK(room.position(deck) == 2.0);
    CHECK(room.ask(deck, at::deck_bpm).number(0) == 131.0);
    CHECK(room.ask(deck, at::deck_gain).number(0) == 0.75);
    CHECK(eventually([&] { return room.ask(deck, at::deck_stem_load, {3}).text(1) == room.track("b"); }));
}

TEST_CASE("a project opens without a JACK server, waits for it, and plays when it comes") {
    Room room;
    const fs::path project = room.session / "p";
    auto deck = room.open_deck(project);
    room.ask(deck, at::deck_cue, {room.track("a"), 2.0});
    CHECK(room.manager.save(deck).address == at::reply);
    CHECK(deck.process->terminate() == 0);
    room.server.kill_hard();
    deck = room.open_deck(project);
    CHECK(room.reaches(deck, "cued", room.track("a")));
    CHECK(room.osc.request(deck.url, at::deck_start)->is_error_of(at::deck_start));
    room.server.restart();
    CHECK(room.server.wait_for_port("deck.nAAAA:out_l"));
    CHECK(eventually([&] { return room.osc.request(deck.url, at::deck_start)->is_reply_to(at::deck_start); }));
    CHECK(room.reaches(deck, "playing", room.track("a")));
}

TEST_CASE("a manager that is not there any more is waited for two seconds, then the deck goes on without one") {
    const JackServer server;
    std::string stale;
    {
        const OscClient gone;
        stale = gone.url();
    }
    Process::Options options = armed();
    options.environment["NSM_URL"] = stale;
    Process deck{{program_path("crowdjack-deck"), "--server", server.name(), "--name", "A"}, options};
    CHECK(deck.wait_for_line("nsm-silent"));
    OscClient osc;
    CHECK(osc.request(wait_for_client(server.name(), "deck-A"), at::deck_state));
    CHECK(server.has_port("deck-A:out_l"));
    CHECK(deck.terminate() == 0);
}

TEST_CASE("a manager dies: its deck plays on until a new manager opens the same project, which then has the name") {
    Room room;
    const fs::path project = room.session / "p";
    SessionManager::Client orphan;
    {
        SessionManager first;
        orphan = first.open("crowdjack-deck", room.server.name(), project, "deck.nAAAA", room.music.path());
        room.ask(orphan, at::deck_cue, {room.track("a"), 4.0});
        CHECK(first.save(orphan).address == at::reply);
        room.ask(orphan, at::deck_start);
        CHECK(room.reaches(orphan, "playing", room.track("a")));
    }
    CHECK(room.reaches(orphan, "playing", room.track("a")));
    const auto deck = room.open_deck(project);
    CHECK(orphan.process->wait() == 0);
    CHECK(room.url_in_registry("deck-A") == deck.url);
    CHECK(room.reaches(deck, "cued", room.track("a")));
    CHECK(room.position(deck) == 4.0);
    // One whose manager lives keeps its name: the newcomer has another one, and the project its own.
    SessionManager other;
    fs::create_directory(room.session / "q");
    fs::copy(project, room.session / "q", fs::copy_options::recursive);
    const auto twin =
        other.open("crowdjack-deck", room.server.name(), room.session / "q", "deck.nCCCC", room.music.path());
    CHECK(room.url_in_registry("deck-A") == deck.url);
    CHECK(room.url_in_registry("deck-B") == twin.url);
    CHECK(other.save(twin).address == at::reply);
    CHECK(text_of(room.session / "q" / "name") == "deck-A\n");
}

TEST_CASE("a session of a manager that died leaves the front door to that of a new one") {
    const JackServer server;
    const TemporaryFolder folder;
    const SessionManager::Client door{nullptr, "osc.udp://127.0.0.1:57120/"};
    std::unique_ptr<Process> orphan;
    {
        SessionManager first;
        orphan = first.launch("crowdjack-session", server.name());
        (void)first.welcome();
        CHECK(first.change(door, folder / "session", "session.nSSSS").address == at::reply);
    }
    SessionManager second;
    const auto session = second.launch("crowdjack-session", server.name());
    (void)second.welcome();
    CHECK(second.change(door, folder / "session", "session.nSSSS").address == at::reply);
    CHECK(orphan->wait() == 0);
    CHECK(registry_entry(server.name(), "session")->at("pid") == std::to_string(session->pid()));
    CHECK(session->terminate() == 0);
}

TEST_CASE("a deck tells its manager which it is, and that there is something to save only when the user changed it") {
    Room room;
    const fs::path project = room.session / "p";
    auto& heard = room.manager.osc();
    auto deck = room.open_deck(project);
    room.ask(deck, at::deck_cue, {room.track("a")});
    CHECK(heard.wait_for([](const OscReceived& m) { return m.address == "/nsm/client/label" && m.text(0) == "A: a"; }));
    CHECK(heard.wait_for("/nsm/client/is_dirty"));
    CHECK(room.manager.save(deck).address == at::reply);
    CHECK(heard.wait_for("/nsm/client/is_clean"));
    const std::size_t clean = heard.count();
    const auto dirty_since = [&] { return heard.received("/nsm/client/is_dirty").size(); };
    const std::size_t before = dirty_since();
    // A line, a start and the end of a track are no changes of the user's.
    room.osc.send(deck.url, at::tempo_line,
                  {1, static_cast<std::int32_t>(room.server.frame()), 0.0, 120.0,
                   static_cast<std::int32_t>(room.server.frame()), 120.0});
    room.ask(deck, at::deck_start, {OscNil{}, 19.5});
    CHECK(room.reaches(deck, "stopped", room.track("a")));
    CHECK(dirty_since() == before);
    room.ask(deck, at::deck_bpm, {119.0});
    CHECK(heard.wait_for("/nsm/client/is_dirty", clean));
}

TEST_CASE(
    "what is patched in a new session is wanted from then on, also when a client or the server is away for a moment") {
    Room room;
    const std::string mixer_port = "mixer.nMMMM:master_l";
    const auto session = room.manager.launch("crowdjack-session", room.server.name());
    (void)room.manager.welcome();
    const SessionManager::Client door{nullptr, "osc.udp://127.0.0.1:57120/"};
    CHECK(room.manager.change(door, room.session / "session", "session.nSSSS").address == at::reply);
    auto mixer = room.manager.open("crowdjack-mixer-bus", room.server.name(), room.session / "mixer", "mixer.nMMMM");
    room.server.connect(mixer_port, "system:playback_2");
    const auto state = [&] {
        CHECK(room.manager.save(door).address == at::reply);
        return text_of(room.session / "session" / "state");
    };
    CHECK(eventually([&] { return state().find("system:playback_2") != std::string::npos; }));
    const std::string saved = state();
    mixer.process->kill_hard();
    CHECK(eventually([&] { return !room.server.has_port(mixer_port); }));
    CHECK(state() == saved);
    mixer = room.manager.open("crowdjack-mixer-bus", room.server.name(), room.session / "mixer", "mixer.nMMMM");
    CHECK(eventually([&] { return room.server.connected(mixer_port, "system:playback_2"); }));
    CHECK(state() == saved);
    // The server was away: nobody unpatched anything.
    room.server.kill_hard();
    room.server.restart();
    CHECK(eventually([&] { return room.server.connected(mixer_port, "system:playback_2"); }));
    CHECK(eventually([&] { return state() == saved; }));
    // Unpatched by hand, it is not wanted any more.
    room.server.disconnect(mixer_port, "system:playback_2");
    CHECK(eventually([&] { return state().find("system:playback_2") == std::string::npos; }));
    CHECK(!room.server.connected(mixer_port, "system:playback_2"));
    CHECK(mixer.process->terminate() == 0);
    CHECK(session->terminate() == 0);
}

TEST_CASE("what is cued next, stems, and a start that was ordered are saved, and nothing of it begins by itself") {
    Room room;
    const fs::path project = room.session / "p";
    auto deck = room.open_deck(project);
    room.ask(deck, at::deck_stem_load, {3, room.track("b"), std::string{"voice"}});
    room.ask(deck, at::deck_stem_gain, {3, 0.5F});
    room.ask(deck, at::deck_cue, {room.track("a"), 2.0});
    room.ask(deck, at::deck_start);
    REQUIRE(room.plays_beyond(deck, room.track("a"), 2.0));
    room.ask(deck, at::deck_cue, {room.track("b"), 6.0, 99.5});
    const auto later = static_cast<std::int32_t>(room.server.frame() + 60U * 48000U);
    room.ask(deck, at::deck_start, {later});
    CHECK(room.manager.save(deck).address == at::reply);
    const std::string saved = text_of(project / "state");
    CHECK(saved.find("\"quantum\"") != std::string::npos);
    const double place = saved_number(saved, "rest_source") / 48000.0;
    CHECK(deck.process->terminate() == 0);

    deck = room.open_deck(project);
    CHECK(room.reaches(deck, "stopped", room.track("a")));
    CHECK(std::abs(room.position(deck) - place) <= period_s);
    CHECK(eventually([&] { return room.ask(deck, at::deck_stem_load, {3}).text(1) == room.track("b"); }));
    CHECK(room.ask(deck, at::deck_stem_gain, {3}).number(1) == 0.5);
    CHECK(deck.process->output().find("started") == std::string::npos);
    room.ask(deck, at::deck_start);
    REQUIRE(room.plays_beyond(deck, room.track("a"), place));
    // Once that one plays, the next start is the next track's, at its cue.
    CHECK(eventually([&] {
        room.ask(deck, at::deck_start);
        return room.ask(deck, at::deck_state).text(1) == room.track("b");
    }));
    CHECK(room.plays_beyond(deck, room.track("b"), 6.0));
    CHECK(room.ask(deck, at::deck_bpm).number(0) == 99.5);
}

TEST_CASE("one of several decks of a manager says that it can change to another session") {
    const JackServer server;
    SessionManager manager;
    const auto can_switch = [&](std::unique_ptr<Process>& process, const std::string& program = "crowdjack-deck") {
        process = manager.launch(program, server.name());
        return manager.welcome().text(1).find(":switch:") != std::string::npos;
    };
    std::unique_ptr<Process> first;
    std::unique_ptr<Process> second;
    std::unique_ptr<Process> third;
    std::unique_ptr<Process> mixer;
    CHECK(can_switch(first));
    CHECK_FALSE(can_switch(second));
    CHECK(can_switch(mixer, "crowdjack-mixer-bus"));
    first->kill_hard();
    CHECK(can_switch(third));
}

TEST_CASE("opening a track is told as progress") {
    Room room;
    const fs::path project = room.session / "p";
    auto deck = room.open_deck(project);
    room.ask(deck, at::deck_cue, {room.track("a")});
    CHECK(room.manager.save(deck).address == at::reply);
    CHECK(deck.process->terminate() == 0);
    room.manager.osc().forget();
    deck = room.open_deck(project);
    const auto told = room.manager.osc().received("/nsm/client/progress");
    REQUIRE(told.size() >= 2);
    CHECK(told.front().number(0) < 1.0);
    CHECK(told.back().number(0) == 1.0);
}

TEST_CASE("the session's view opens in a terminal when the manager's user asks for it, and closes again") {
    Room room;
    const fs::path seen = room.session / "seen";
    std::ofstream{room.music / "x-terminal-emulator"} << "#!/bin/sh\necho \"$@\" > '" << seen.string()
                                                      << "'\necho $$ > '" << seen.string() << ".pid'\nexec sleep 100\n";
    fs::permissions(room.music / "x-terminal-emulator", fs::perms::owner_all);
    const std::string path = std::getenv("PATH");
    setenv("PATH", (room.music.path().string() + ":" + path).c_str(), 1);
    setenv("DISPLAY", ":99", 1);
    const auto session = room.manager.launch("crowdjack-session", room.server.name());
    setenv("PATH", path.c_str(), 1);
    unsetenv("DISPLAY");
    CHECK(room.manager.welcome().text(1).find(":optional-gui:") != std::string::npos);
    const SessionManager::Client door{nullptr, "osc.udp://127.0.0.1:57120/"};
    CHECK(room.manager.change(door, room.session / "session", "session.nSSSS").address == at::reply);
    CHECK(room.manager.osc().wait_for("/nsm/client/gui_is_hidden"));
    room.manager.osc().send(door.url, "/nsm/client/show_optional_gui");
    CHECK(room.manager.osc().wait_for("/nsm/client/gui_is_shown"));
    CHECK(eventually([&] { return text_of(seen).find("status --watch --server test") != std::string::npos; }));
    room.manager.osc().forget();
    room.manager.osc().send(door.url, "/nsm/client/hide_optional_gui");
    CHECK(room.manager.osc().wait_for("/nsm/client/gui_is_hidden"));
    // The user closes the terminal.
    fs::remove(seen.string() + ".pid");
    room.manager.osc().forget();
    room.manager.osc().send(door.url, "/nsm/client/show_optional_gui");
    CHECK(room.manager.osc().wait_for("/nsm/client/gui_is_shown"));
    REQUIRE(eventually([&] { return std::atoi(text_of(seen.string() + ".pid").c_str()) > 0; }));
    CHECK_FALSE(room.manager.osc().wait_for("/nsm/client/gui_is_hidden", 0, Deadline{300}));
    CHECK(::kill(std::atoi(text_of(seen.string() + ".pid").c_str()), SIGTERM) == 0);
    CHECK(room.manager.osc().wait_for("/nsm/client/gui_is_hidden"));
    CHECK(session->terminate() == 0);
}
