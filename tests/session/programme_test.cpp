// SPDX-License-Identifier: GPL-3.0-or-later
// [setlist]: a session that opens, plays, closes and opens again by itself, whoever is killed meanwhile.
#include "tests/session/session_room.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <variant>

using namespace crowdjack::test;
using std::string;
namespace fs = std::filesystem;

namespace {

/// The clock on the wall in so many seconds from now, as [setlist] writes it.
string clock_in(int seconds) {
    const std::time_t when = std::time(nullptr) + seconds;
    std::tm local{};
    ::localtime_r(&when, &local);
    std::array<char, 16> text{};
    (void)std::strftime(text.data(), text.size(), "%H:%M:%S", &local);
    return text.data();
}

/// Tracks that code their own position, and the list that names them.
void add_set(SessionRoom& room, double seconds = 40.0, const string& cues = "30,38") {
    std::ofstream list{room.folder / "night.csv"};
    list << "part_file,begin_cue_adj,end_cue_adj\n";
    for (const string name : {"one.wav", "two.wav", "three.wav"}) {
        list << room.coded_track(name, CodedChannels::both, seconds) << ',' << cues << '\n';
    }
}

string setlist_text(const string& hours) {
    return "[setlist]\nsource = \"night.csv\"\ndecks = \"A,B\"\nseed = 5\nhours = \"" + hours + "\"\n";
}

string state_of(SessionRoom& room, const string& name) {
    const auto state = room.ask(at::session_state);
    for (std::size_t i = 0; state && i + 1 < state->arguments.size(); ++i) {
        if (state->text(i) == name) {
            return state->text(i + 1);
        }
    }
    return {};
}

/// The options that a running setlist was given.
string command_line_of(pid_t pid) {
    string text = text_of("/proc/" + std::to_string(pid) + "/cmdline");
    std::replace(text.begin(), text.end(), '\0', ' ');
    return text;
}

int check_code() {
    Process status{{program_path("crowdjack-session"), "status", "--check", "--server", "test"}};
    return status.wait().value_or(-1);
}

bool plays(SessionRoom& room) {
    for (const char* deck : {"deck-A", "deck-B"}) {
        const auto state = room.osc.request(wait_for_client("test", deck), at::deck_state);
        if (state && state->text(0) == "playing") {
            return true;
        }
    }
    return false;
}

}  // namespace

TEST_CASE("a set begins at its opening hour and ends at its closing hour, and silence outside of them is no trouble") {
    SessionRoom room;
    add_set(room);
    REQUIRE(room.wait_until_whole());
    write_audio(room.folder / "loop.wav", as_channels(sine(440.0, 2.0, 48000.0, 0.25), 2), 2, 48000);
    room.start_again_with("[guard]\nfallback = \"loop.wav\"\n" + setlist_text(clock_in(12) + "-" + clock_in(26)));
    REQUIRE(room.wait_until_whole());
    REQUIRE(room.osc.request(wait_for_client("test", "mixer-bus"), at::mixer_silence, {-60.0F, 1.0}));
    CHECK(state_of(room, "setlist") == "closed");
    CHECK(eventually([&] { return check_code() == 0; }));
    CHECK(SessionRoom::pid_of("setlist") == 0);
    CHECK_FALSE(plays(room));
    REQUIRE(room.session->wait_for_line("opens hours="));
    CHECK(eventually([&] { return plays(room); }));
    CHECK(state_of(room, "setlist") == "playing");
    REQUIRE(room.session->wait_for_line("closes hours="));
    CHECK(eventually([&] { return SessionRoom::pid_of("setlist") == 0 && !plays(room); }));
    CHECK(state_of(room, "setlist") == "closed");
    CHECK(room.session->output().find("fallback deck=") == string::npos);
    CHECK(room.session->output().find(" silence seconds=") == string::npos);
    CHECK(room.session->terminate() == 0);
}

TEST_CASE("a set that is killed goes on, under a session that was killed, too, and does not begin alike twice") {
    SessionRoom room;
    add_set(room);
    REQUIRE(room.wait_until_whole());
    room.start_again_with(setlist_text("00:00-24:00"));
    REQUIRE(room.wait_until_whole());
    REQUIRE(eventually([&] { return plays(room); }));
    pid_t setlist = SessionRoom::living_pid_of("setlist");
    CHECK(command_line_of(setlist).find("--seed 5 ") != string::npos);
    // The session dies: the music goes on, and the next one takes all over.
    const pid_t deck = SessionRoom::living_pid_of("deck-A");
    const pid_t mixer = SessionRoom::living_pid_of("mixer-bus");
    room.session->kill_hard();
    CHECK(plays(room));
    room.start();
    REQUIRE(room.session->wait_for_line("setlist-found pid=" + std::to_string(setlist)));
    CHECK(SessionRoom::pid_of("deck-A") == deck);
    CHECK(SessionRoom::pid_of("mixer-bus") == mixer);
    // Nobody's child any more, and kept all the same.
    REQUIRE(::kill(setlist, SIGKILL) == 0);
    REQUIRE(room.session->wait_for_line("setlist-gone"));
    REQUIRE(SessionRoom::wait_for_successor("setlist", setlist));
    setlist = SessionRoom::living_pid_of("setlist");
    CHECK(command_line_of(setlist).find("--seed 6 ") != string::npos);
    REQUIRE(eventually([&] {  // it has taken over what plays
        const auto state = room.ask(at::setlist_state);
        return state && state->text(0) == "current" && !state->text(1).empty();
    }));
    CHECK(plays(room));
    // Who stops it by hand means it.
    REQUIRE(room.ask(at::setlist_stop)->is_reply_to(at::setlist_stop));
    CHECK(eventually([&] { return SessionRoom::pid_of("setlist") == 0 && !plays(room); }));
    CHECK_FALSE(eventually([] { return SessionRoom::pid_of("setlist") != 0; }, Deadline{3000}));
    CHECK(room.session->terminate() == 0);
}

TEST_CASE("a list that is away is said, waited for and played when it is back; the fallback plays meanwhile") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    write_audio(room.folder / "loop.wav", as_channels(sine(440.0, 2.0, 48000.0, 0.25), 2), 2, 48000);
    room.start_again_with("[guard]\nfallback = \"loop.wav\"\n" + setlist_text("00:00-24:00"));
    REQUIRE(room.wait_until_whole());
    REQUIRE(room.osc.request(wait_for_client("test", "mixer-bus"), at::mixer_silence, {-60.0F, 1.0}));
    CHECK(room.session->wait_for_line("fallback deck=deck-B"));
    CHECK(room.session->wait_for_line("setlist-keeps-ending"));
    CHECK(state_of(room, "setlist") == "failing");
    CHECK(check_code() == 1);
    add_set(room);
    CHECK(eventually([&] { return SessionRoom::pid_of("setlist") != 0; }));
    CHECK(eventually([&] {
        const auto state = room.osc.request(wait_for_client("test", "deck-A"), at::deck_state);
        return state && state->text(0) == "playing" && state->text(1).find("loop.wav") == string::npos;
    }));
    CHECK(room.session->wait_for_line("fallback-ended"));
}

TEST_CASE("a set that is asked to pause waits after its track, silent on purpose, until somebody goes on") {
    SessionRoom room;
    add_set(room, 10.0, "6,8");
    REQUIRE(room.wait_until_whole());
    write_audio(room.folder / "loop.wav", as_channels(sine(440.0, 2.0, 48000.0, 0.25), 2), 2, 48000);
    room.start_again_with("[guard]\nfallback = \"loop.wav\"\n" + setlist_text("00:00-24:00"));
    REQUIRE(room.wait_until_whole());
    REQUIRE(eventually([&] {  // it is heard
        const auto meters = room.osc.request(wait_for_client("test", "mixer-bus"), at::mixer_meters);
        std::size_t master = 0;
        while (meters && master + 1 < meters->arguments.size() && meters->text(master) != "master") {
            ++master;
        }
        return meters && meters->number(master + 1) > -55.0;  // its left peak
    }));
    REQUIRE(room.osc.request(wait_for_client("test", "mixer-bus"), at::mixer_silence, {-60.0F, 1.0}));
    CHECK(room.ask(at::setlist_pause_after, {true})->is_reply_to(at::setlist_pause_after));
    CHECK(std::get<bool>(room.ask(at::setlist_pause_after)->arguments.at(0)));
    REQUIRE(eventually([&] { return !plays(room); }));
    CHECK_FALSE(eventually([&] { return plays(room); }, Deadline{4000}));
    CHECK(room.session->output().find("fallback deck=") == string::npos);
    CHECK(eventually([&] { return check_code() == 0; }));
    CHECK(room.ask(at::setlist_next)->is_reply_to(at::setlist_next));
    CHECK(eventually([&] { return plays(room); }));
    CHECK_FALSE(std::get<bool>(room.ask(at::setlist_pause_after)->arguments.at(0)));
}
