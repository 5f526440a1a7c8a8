// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/jack_closing.hpp"
#include "common/jack_opening.hpp"
#include "tests/session/session_room.hpp"
#include "tests/support/undisturbed.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace crowdjack::test;
using std::string;

namespace {

bool replies(SessionRoom& room, const string& address, const std::vector<OscValue>& arguments = {}) {
    const auto answer = room.ask(address, arguments);
    INFO(address, ": ", answer ? answer->shown() : string{"no answer"});
    CHECK(answer);
    const bool good = answer && (answer->is_reply_to(address));
    CHECK(good);
    return good;
}

bool refuses(SessionRoom& room, const string& address, const std::vector<OscValue>& arguments, int code) {
    const auto answer = room.ask(address, arguments);
    INFO(address, ": ", answer ? answer->shown() : string{"no answer"});
    const bool good = answer && answer->is_error_of(address) && answer->number(1) == code;
    CHECK(good);
    return good;
}

/// Cues a coded file on deck A (left channel) and B (right), starts both. @returns the common frame
std::int64_t play_both(SessionRoom& room) {
    const string left = room.coded_track("left.wav", CodedChannels::left_only);
    const string right = room.coded_track("right.wav", CodedChannels::right_only);
    const std::size_t mark = room.osc.count();
    // The group start first: it has to wait for the cues.
    room.osc.send(front_door, at::start_group, {0.05F, string{"a"}, string{"B"}});
    room.osc.send(front_door, at::cue, {string{"A"}, left});
    room.osc.send(front_door, at::cue, {string{"b"}, right});
    const auto started = room.osc.wait_for(
        [](const OscReceived& message) {
            return message.is_reply_to(at::start_group) || message.is_error_of(at::start_group);
        },
        mark);
    REQUIRE(started);
    INFO(started->shown());
    REQUIRE(started->is_reply_to(at::start_group));
    CHECK(started->text(2) == "A");
    CHECK(started->text(3) == "B");
    return static_cast<std::int64_t>(started->number(1));
}

/// Is SIGTERM blocked in every thread? One that does not block it may take it, and die of it, in the loop's place.
bool leaves_signals_to_its_loop(pid_t pid) {
    const auto blocks = [](const std::filesystem::path& thread) {
        std::ifstream status{thread / "status"};
        for (string line; std::getline(status, line);) {
            if (line.starts_with("SigBlk:")) {
                return ((std::stoull(line.substr(7), nullptr, 16) >> (SIGTERM - 1)) & 1U) != 0;
            }
        }
        return false;
    };
    const std::filesystem::directory_iterator threads{"/proc/" + std::to_string(pid) + "/task"};
    return std::all_of(begin(threads), end(threads), [&](const auto& thread) { return blocks(thread.path()); });
}

Capture& listen(std::unique_ptr<Capture>& capture, double seconds) {
    capture = std::make_unique<Capture>("test", Capture::Settings{"capture", 2, seconds});
    capture->listen_to("mixer-bus:master_l", 0);
    capture->listen_to("mixer-bus:master_r", 1);
    return *capture;
}

}  // namespace

TEST_CASE("a client that still stands at a dead server is left alone when the next one of its program comes") {
    const auto opened = [](const std::string& name) {
        const auto opening = crowdjack::JackOpening::begin("test", name, {});
        REQUIRE(opening->wait_until(std::chrono::steady_clock::now() + patient));
        return opening->take();
    };
    JackServer server;
    jack_client_t* const first = opened("first");
    REQUIRE(first != nullptr);
    std::atomic<bool> lost{false};
    jack_on_shutdown(
        first,
        [](void* told) {
            crowdjack::note_jack_server_lost();
            static_cast<std::atomic<bool>*>(told)->store(true);
        },
        &lost);
    REQUIRE(jack_activate(first) == 0);
    server.kill_hard();
    REQUIRE(eventually([&] { return lost.load(); }));
    CHECK(opened("second") == nullptr);  // libjack would delete the first, which is still ours to close
    CHECK(crowdjack::JackClosing{}.close(first));
    server.restart();
    jack_client_t* const third = opened("third");
    REQUIRE(third != nullptr);
    CHECK(crowdjack::JackClosing{}.close(third));
}

TEST_CASE("a session file becomes a sounding set: server, clients, patch, and a group start on one frame") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    CHECK(room.all_connected());
    std::unique_ptr<Capture> capture;
    listen(capture, 30.0);
    const std::int64_t frame = play_both(room);
    REQUIRE(capture->wait_until(frame + 9600));
    CHECK(heard(*capture, 0, frame + 4800) == 4800);
    CHECK(heard(*capture, 1, frame + 4800) == 4800);

    SUBCASE("a connection that is pulled is made again") {
        REQUIRE(jack_disconnect(room.observer(), "deck-A:out_l", "mixer-bus:A_l") == 0);
        CHECK(eventually([&] { return room.connected("deck-A:out_l", "mixer-bus:A_l"); }));
    }
    SUBCASE("a deck killed while playing is heard again in phase, the other plays on") {
        const std::int64_t killed = capture->end_frame().value();
        const pid_t before = SessionRoom::signal("deck-A", SIGKILL);
        REQUIRE(SessionRoom::wait_for_successor("deck-A", before));
        CHECK(eventually([&] { return in_phase_from(*capture, 0, killed + 4800, -frame).has_value(); }));
        CHECK(heard(*capture, 1, capture->end_frame().value() - 1000).has_value());
    }
    SUBCASE("a deck that hangs is killed before it has silenced the mix for 300 ms") {
        const Capture witness{"test", {"witness", 1, 30.0}};
        REQUIRE(eventually([&] { return witness.end_frame().has_value(); }));
        // A busy machine may wake the watchdog late once, but not each time.
        std::int64_t shortest = 48'000;
        for (int trial = 0; trial < 3 && shortest >= 14'400; ++trial) {
            const std::int64_t stopped = capture->end_frame().value();
            const pid_t before = SessionRoom::signal("deck-A", SIGSTOP);
            REQUIRE(SessionRoom::wait_for_successor("deck-A", before));
            REQUIRE(capture->wait_until(capture->end_frame().value() + 9600));
            CHECK(room.session->wait_for_line("client-hangs"));
            CHECK(eventually([&] { return in_phase_from(*capture, 0, stopped + 4800, -frame).has_value(); }));
            CHECK(heard(*capture, 1, capture->end_frame().value() - 1000).has_value());
            const std::int64_t heard_until = std::min(capture->end_frame().value(), witness.end_frame().value());
            const auto silent = longest_silence_beside(witness, *capture, 1, stopped, heard_until);
            MESSAGE("the other deck was silent for ", silent, " frames");
            shortest = std::min(shortest, silent);
        }
        CHECK(shortest < 14'400);
    }
    SUBCASE("a killed server comes back with clients, patch and playing decks") {
        capture.reset();
        room.close_observer();
        const pid_t server = room.server_pid();
        REQUIRE(server > 0);
        ::kill(server, SIGKILL);
        REQUIRE(eventually([&] { return room.server_pid() != server; }));
        CHECK(room.wait_until_connected());
        listen(capture, 30.0);
        CHECK(capture->wait_for_sound(0, capture->first_frame()));
    }
    SUBCASE("a session killed and started again adopts what runs, and stops it in the end") {
        const pid_t deck = SessionRoom::pid_of("deck-A");
        const pid_t server = room.server_pid();
        room.session->kill_hard();
        room.start();
        REQUIRE(room.wait_until_whole());
        CHECK(SessionRoom::pid_of("deck-A") == deck);
        capture.reset();
        room.close_observer();
        CHECK(room.session->terminate() == 0);
        CHECK(SessionRoom::pid_of("deck-A") == 0);
        CHECK(eventually([&] { return ::kill(server, 0) != 0; }));
    }
}

TEST_CASE("every crowdstream address answers, and what it sets reads back") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    const string track = (room.folder / "tone.wav").string();
    write_audio(track, as_channels(sine(440.0, 20.0, 48000.0, 0.25), 2), 2, 48000);

    const string mixer = wait_for_client("test", "mixer-bus");
    const string deck = wait_for_client("test", "deck-A");
    const auto reads = [&](const string& url, const string& question, const std::vector<OscValue>& selector,
                           double value) {
        return eventually([&] {
            const auto answer = room.osc.request(url, question, selector);
            return answer && answer->address == question && answer->number(selector.size()) == doctest::Approx(value);
        });
    };
    replies(room, at::get_status);
    replies(room, at::set_meter, {3});
    replies(room, at::print_clock, {1});
    replies(room, at::reset);
    replies(room, at::set_tempo, {124.0F});
    replies(room, at::deck_levels, {0.5F, 2.0F, 0.25F});
    CHECK(reads(mixer, at::mixer_gain, {string{"A"}}, 0.5));
    CHECK(reads(mixer, at::mixer_gain, {string{"B"}}, 1.0));  // out of range: clamped
    CHECK(reads(mixer, at::mixer_gain, {string{"C"}}, 0.25));
    replies(room, at::crossfade_levels, {1.0F, 0.125F});
    CHECK(reads(mixer, at::mixer_gain, {string{"A"}}, 1.0));
    CHECK(reads(mixer, at::mixer_gain, {string{"B"}}, 0.125));
    replies(room, at::deck_eq, {string{"a"}, string{"LOW"}, 20.0F});
    CHECK(reads(mixer, at::mixer_eq, {string{"A"}, string{"low"}}, 20.0));
    replies(room, at::deck_eq_all, {string{"A"}, 50.0F, 30.0F, 400.0F});
    CHECK(reads(mixer, at::mixer_eq, {string{"A"}, string{"low"}}, 50.0));
    CHECK(reads(mixer, at::mixer_eq, {string{"A"}, string{"mid"}}, 30.0));
    replies(room, at::deck_filter, {string{"A"}, string{"mid"}, 1.0F});
    CHECK(reads(mixer, at::mixer_filter, {string{"A"}, string{"mid"}}, 1.0));
    replies(room, at::cue, {string{"A"}, track, 0.5F});
    const auto cued = room.osc.request(deck, at::deck_state);
    REQUIRE(cued);
    CHECK(cued->text(0) == "cued");
    CHECK(cued->text(1) == track);
    CHECK(cued->number(3) == doctest::Approx(10.0));                                   // half of 20 s
    CHECK(room.osc.request(deck, at::deck_loop)->number(1) == doctest::Approx(20.0));  // looped as a whole, as it was
    replies(room, at::play, {string{"a"}, track, 0.1F});
    CHECK(eventually([&] { return room.osc.request(deck, at::deck_state)->text(0) == "playing"; }));
    replies(room, at::fade, {string{"A"}, 0.1F, 0.1F});
    CHECK(reads(mixer, at::mixer_gain, {string{"A"}}, 0.0));
    replies(room, at::load_buffer, {1100, track, string{"lead"}});
    replies(room, at::play_stem, {1100, 1.0F, 0.5F, 1, 0.0F});
    replies(room, at::stem_volume, {1100, 0.75F});
    const string other_deck = wait_for_client("test", "deck-B");
    CHECK(reads(other_deck, at::deck_stem_gain, {0}, 0.75));
    replies(room, at::stop_stem, {1100});
    replies(room, at::play_stem_section, {1100, 1.0F, 0.5F, 1, 0.25F, 0.2F});
    replies(room, at::test_tone, {500.0F});
    replies(room, at::mixer_cleanup);
    room.osc.send("osc.udp://127.0.0.1:57122/", at::dance_total_movement, {0.1F});  // a report: never answered

    refuses(room, at::cue, {string{"A"}, (room.folder / "nothing.wav").string()}, 2);
    refuses(room, at::cue, {string{"A"}}, 1);
    refuses(room, at::cue, {string{"Z"}, track}, 3);
    refuses(room, at::play_stem, {1105}, 2);
    refuses(room, at::play_stem, {99}, 1);
    refuses(room, at::start_group, {900.0F, string{"A"}}, 4);
    refuses(room, at::start_group, {0.0F, string{"Q"}}, 3);
    refuses(room, at::schedule_c_at, {1.0F}, 3);
    refuses(room, "/no_such_thing", {}, 2);
    refuses(room, at::setlist_next, {}, 3);
}

TEST_CASE("the follower is asked through either port of the front door, once, and asking changes nothing") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    room.start_again_with("[[client]]\nname = \"bpm-follower\"\nrun = [\"crowdjack-bpm-follower\"]\n");
    REQUIRE(room.wait_until_whole());
    const string follower = wait_for_client("test", "bpm-follower");
    for (const string& door : {front_door, string{"osc.udp://127.0.0.1:57122/"}}) {
        const auto ask = [&](const char* address) {
            const auto answer = room.osc.request(door, address);
            REQUIRE(answer);
            INFO(answer->shown());
            CHECK(answer->address == address);
            return *answer;
        };
        const auto direct = room.osc.request(follower, at::tempo_state);
        REQUIRE(direct);
        const auto state = ask(at::tempo_state);
        REQUIRE(state.arguments.size() == 6);
        for (std::size_t i = 0; i < 6; ++i) {
            CHECK(state.arguments[i].index() == direct->arguments[i].index());  // the same types
        }
        CHECK(state.text(4) == "follow");
        CHECK(ask(at::tempo_set).number(0) == doctest::Approx(120.0));
        CHECK(ask(at::tempo_hold).arguments == std::vector<OscValue>{false});
        CHECK(ask(at::tempo_state).text(4) == "follow");
    }
    // Taken for questions, the follower's answers would go to and fro for ever, at most of a core.
    const double before = room.session->cpu_seconds();
    const std::size_t mark = room.osc.count();
    room.osc.send(front_door, at::subscribe);
    const auto audio_bpm = room.osc.wait_for(at::audio_bpm, mark);  // within a second
    REQUIRE(audio_bpm);
    CHECK(audio_bpm->number(0) == doctest::Approx(120.0));
    CHECK(room.osc.wait_for(at::tempo_line, mark));
    CHECK(room.session->cpu_seconds() - before < 0.3);
    CHECK(replies(room, at::tempo_hold, {true}));
    CHECK(room.osc.request(front_door, at::tempo_hold)->arguments == std::vector<OscValue>{true});
}

TEST_CASE("without a follower the front door tells its subscribers the line and the BPM of /set_tempo") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    const std::size_t mark = room.osc.count();
    room.osc.send(front_door, at::subscribe);
    REQUIRE(replies(room, at::set_tempo, {124}));
    const auto line = room.osc.wait_for(at::tempo_line, mark);
    REQUIRE(line);
    CHECK(line->number(3) == doctest::Approx(124.0));
    const auto audio_bpm = room.osc.wait_for(at::audio_bpm, mark);
    REQUIRE(audio_bpm);
    CHECK(audio_bpm->number(0) == doctest::Approx(124.0));
    refuses(room, at::tempo_state, {}, 3);
    refuses(room, at::setlist_state, {}, 3);
    refuses(room, at::deck_state, {}, 2);  // the decks' own address: they have ports of their own
}

TEST_CASE("a /test_tone is heard at the mixer's output, at its pitch") {
    undisturbed([] {
        SessionRoom room;
        REQUIRE(room.wait_until_whole());
        std::unique_ptr<Capture> capture;
        listen(capture, 20.0);
        replies(room, at::test_tone, {500.0F});
        REQUIRE(capture->wait_for_sound(0, capture->first_frame()));
        const std::int64_t begin = capture->first_sound(0, capture->first_frame()).value();
        REQUIRE(capture->wait_until(begin + 48000));
        const double hertz = measured_hertz(capture->samples(0, begin + 4800, begin + 40000), 48000.0);
        if (std::abs(hertz - 500.0) > 0.5 && disturbed(*capture)) {
            return false;
        }
        CHECK(hertz == doctest::Approx(500.0).epsilon(0.001));
        return true;
    });
}

TEST_CASE("a deck that is not ready in time is named, and the others start") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    const string left = room.coded_track("left.wav", CodedChannels::left_only, 10.0);
    REQUIRE(replies(room, at::cue, {string{"A"}, left}));
    const std::size_t mark = room.osc.count();
    room.osc.send(front_door, at::start_group, {string{"A"}, string{"B"}, 0.0F});
    const auto error =
        room.osc.wait_for([](const OscReceived& message) { return message.is_error_of(at::start_group); }, mark);
    REQUIRE(error);
    CHECK(error->number(1) == 3);
    CHECK(error->text(2).find("deck B is not ready") != string::npos);
    const auto reply =
        room.osc.wait_for([](const OscReceived& message) { return message.is_reply_to(at::start_group); }, mark);
    REQUIRE(reply);
    CHECK(reply->arguments.size() == 3);
    CHECK(reply->text(2) == "A");
}

TEST_CASE(
    "a session's own setlist begins once all is patched; when it is killed the music goes on and another follows") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    std::ofstream csv{room.folder / "sections.csv"};
    csv << "path,bpm,key,target_bpm,speed,ini_cue,begin_cue,end_cue,begin_cue_adj,end_cue_adj,duration_orig,"
           "duration_sectioned,part_file_orig,part_file\n";
    for (const string part : {"one.wav", "two.wav"}) {  // beside the setlist
        (void)room.coded_track(part, CodedChannels::both);
        csv << part << ",120,Am,120,1,0,0,0,50,58,1:00.00,1:00.00," << part << ',' << part << '\n';
    }
    csv.close();
    std::ofstream{room.folder / "broken.csv"} << "path,bpm\n";
    refuses(room, at::setlist_start, {(room.folder / "broken.csv").string()}, 1);
    refuses(room, at::setlist_start, {(room.folder / "no.csv").string()}, 2);
    refuses(room, at::setlist_start, {string{"/etc/passwd"}}, 4);
    CHECK(room.session->terminate() == 0);
    room.close_observer();
    room.start({"--setlist", (room.folder / "sections.csv").string()});
    REQUIRE(room.wait_until_whole());
    CHECK(leaves_signals_to_its_loop(SessionRoom::living_pid_of("setlist")));
    Capture ears{"test", {"ears", 2, 40.0}};
    ears.listen_to("deck-A:out_l", 0);
    REQUIRE(ears.wait_for_sound(0, ears.first_frame()));
    const std::int64_t killed = ears.end_frame().value();
    const pid_t before = SessionRoom::signal("setlist", SIGKILL);
    REQUIRE(SessionRoom::wait_for_successor("setlist", before));
    REQUIRE(ears.wait_until(ears.end_frame().value() + 48000));
    CHECK(longest_silence(ears, 0, killed, ears.end_frame().value()) < 4800);
    CHECK(replies(room, at::setlist_stop));
    CHECK(room.session->wait_for_line("setlist-ended how="));
}

TEST_CASE("save stores what was patched by hand, and nothing else changes in the file") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    REQUIRE(jack_connect(room.observer(), "system:capture_1", "mixer-bus:mic_l") == 0);
    Process save{{program_path("crowdjack-session"), "save", room.file().string()}};
    REQUIRE(save.wait() == 0);
    std::ifstream file{room.file()};
    std::ostringstream text;
    text << file.rdbuf();
    CHECK(text.str().find("\"system:capture_1 -> mixer-bus:mic_l\"") != string::npos);
    CHECK(text.str().find("\"deck-A:out_* -> mixer-bus:A_*\"") != string::npos);
    CHECK(text.str().find("keep = \"wanted\"") != string::npos);
    Process check{{program_path("crowdjack-session"), "check", room.file().string()}};
    CHECK(check.wait() == 0);
}

TEST_CASE("JACK's session callback is answered with the command that runs the session again") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    room.observer();  // so that the answer is not our own client's
    Process notify{
        {"env", "JACK_DEFAULT_SERVER=test", "jack_session_notify", "save", room.folder.path().string() + "/"}};
    REQUIRE(notify.wait() == 0);
    std::istringstream lines{notify.whole_output()};
    string command;
    for (string line; std::getline(lines, line);) {
        command = line.find("/crowdjack-session ") != string::npos ? line : command;
    }
    INFO(command);
    CHECK(command.find("crowdjack-session run " + room.file().string() + " ") != string::npos);
    CHECK(room.session->terminate() == 0);
    room.close_observer();
    command = "SESSION_DIR=" + (room.folder / "session/").string() + "; exec " + command.substr(0, command.rfind('&'));
    room.session = std::make_unique<Process>(std::vector<string>{"sh", "-c", command});
    CHECK(room.wait_until_whole());
}

TEST_CASE("a client that keeps crashing is said and tried again, the rest goes on") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    room.start_again_with("[[client]]\nname = \"broken\"\nrun = [\"false\"]\n");
    CHECK(room.session->wait_for_line("client-keeps-ending client=broken times=5"));
    CHECK(room.session->wait_for_line("client-keeps-ending client=broken times=10"));
    CHECK(room.wait_until_whole());
}

TEST_CASE("watchdog = false spares who hangs, and whom it silences, too") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    string text = text_of(room.file());
    const string name{"name = \"deck-B\"\n"};
    text.insert(text.find(name) + name.size(), "watchdog = false\n");
    std::ofstream{room.file()} << text;
    room.start_again_with("");
    REQUIRE(room.wait_until_whole());
    const pid_t mixer = SessionRoom::living_pid_of("mixer-bus");
    const pid_t deck = SessionRoom::signal("deck-B", SIGSTOP);
    CHECK(room.session->wait_for_line("client-stands-still client=deck-B"));
    CHECK_FALSE(eventually([&] { return SessionRoom::pid_of("mixer-bus") != mixer; }, Deadline{1000}));
    CHECK(SessionRoom::pid_of("deck-B") == deck);
    ::kill(deck, SIGCONT);
    // No JACK client is opened here: now and then jackd waits for good for a client that was stopped and goes on.
    CHECK(eventually([&] { return room.osc.request(wait_for_client("test", "deck-B"), at::deck_state).has_value(); }));
    CHECK(SessionRoom::pid_of("deck-B") == deck);
}

TEST_CASE("a session file with a mistake starts nothing") {
    TemporaryFolder folder;
    std::ofstream{folder / "bad.toml"}
        << "[jack]\nautostart = true\n[[client]]\nname = \"x\"\nrun = [\"crowdjack-dekc\"]\n";
    Process session{{program_path("crowdjack-session"), "run", (folder / "bad.toml").string()}};
    CHECK(session.wait() == 2);
    CHECK(session.whole_output().find("bad.toml:5: program 'crowdjack-dekc'") != string::npos);
    CHECK(session.whole_output().find("did you mean 'crowdjack-deck'?") != string::npos);
}
