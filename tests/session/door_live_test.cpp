// SPDX-License-Identifier: GPL-3.0-or-later
// The front door: everything that deck and mixer understand, from one port.
#include "common/protocol/description.hpp"
#include "tests/session/session_room.hpp"
#include "tests/support/osc_packets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <fstream>

using namespace crowdjack;
using namespace crowdjack::test;
using protocol::filled;
using std::string;

namespace {

constexpr std::uint16_t door_port = 57120;

string shown(const std::optional<OscReceived>& answer) { return answer ? answer->shown() : "no answer"; }

/// A deck's address at the door.
string of_a(const char* address) { return filled(address, {"A"}); }

}  // namespace

TEST_CASE("the door reaches all of deck and mixer, and answers name the address that was asked") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    const string track = room.coded_track("a.wav", CodedChannels::left_only);
    const auto done = [&](const string& address, const std::vector<OscValue>& arguments) {
        const auto answer = room.ask(address, arguments);
        CAPTURE(shown(answer));
        CHECK(answer);
        CHECK((answer && answer->is_reply_to(address)));
    };
    const auto says = [&](const string& address, const std::vector<OscValue>& arguments, const string& expected) {
        CHECK(shown(room.ask(address, arguments)) == expected);
    };
    const auto refused = [&](const string& address, const std::vector<OscValue>& arguments, int code) {
        const auto answer = room.ask(address, arguments);
        CAPTURE(shown(answer));
        CHECK((answer && answer->is_error_of(address) && answer->number(1) == code));
    };
    done(of_a(at::deck_cue), {track});
    done(of_a(at::deck_gain), {0.5F});
    says(of_a(at::deck_gain), {}, of_a(at::deck_gain) + " 0.5");
    says(filled(at::deck_gain, {"deck-A"}), {}, filled(at::deck_gain, {"deck-A"}) + " 0.5");
    done(filled(at::deck_rate, {"a"}), {1.25});
    done(filled(at::deck_hotcue, {"A", "3"}), {1.0F});  // a pad is pressed
    done(filled(at::deck_hotcue, {"A", "3"}), {0.0F});
    refused(filled(at::deck_hotcue, {"A", "9"}), {}, 1);
    refused(filled(at::deck_hotcue, {"A", "0"}), {}, 1);
    done(filled(at::mixer_gain, {"A"}), {0.25F});
    CHECK(shown(room.ask(filled(at::mixer_gain, {"A"}))).starts_with(filled(at::mixer_gain, {"A"}) + " 0.25 "));
    done(filled(at::mixer_eq, {"A", "low"}), {0.0F});
    says(filled(at::mixer_eq, {"A", "low"}), {}, filled(at::mixer_eq, {"A", "low"}) + " 0");
    done(at::mixer_gain, {string{"B"}, 0.75F});
    done(at::mixer_master, {0.9F});
    refused(at::deck_gain, {0.5F}, 2);  // of which deck?
    refused(filled(at::deck_gain, {"Z"}), {0.5F}, 2);
    refused(filled(at::mixer_gain, {"nobody"}), {0.5F}, 2);
    refused(filled(at::mixer_gain, {"A"}), {7.0F}, 1);
    refused(at::tempo_state, {}, 3);  // no follower runs
    refused(at::setlist_next, {1.0F}, 3);
    done(at::dummy, {1, 2.0F, string{"x"}});
    done(at::cue, {string{"A"}, track, 0.5, 124.0});
    says(of_a(at::deck_bpm), {}, of_a(at::deck_bpm) + " 124");
    CHECK(room.ask(at::session_state)->named("osc_refused") >= 7.0);
}

TEST_CASE("who subscribes at the door hears every deck, with the deck in the address") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    const string track = room.coded_track("a.wav", CodedChannels::left_only);
    REQUIRE(room.ask(at::subscribe)->is_reply_to(at::subscribe));
    CHECK(room.osc.wait_for(of_a(at::deck_state)));  // how it stands
    REQUIRE(room.ask(at::cue, {string{"A"}, track})->is_reply_to(at::cue));
    CHECK(room.osc.wait_for(of_a(at::deck_ready)));
    REQUIRE(room.ask(of_a(at::deck_start))->is_reply_to(of_a(at::deck_start)));
    CHECK(room.osc.wait_for(of_a(at::deck_started)));
    const auto playing = room.osc.wait_for(
        [](const OscReceived& m) { return m.address == filled(at::deck_state, {"A"}) && m.text(0) == "playing"; });
    REQUIRE(playing);
    CHECK(playing->text(1) == track);
    CHECK(room.osc.wait_for(at::mixer_meters));
}

TEST_CASE("a phone's layout reaches mixer and decks under its own names, with floats only, and is answered by them") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    room.start_again_with("[osc.map]\n\"/1/fader1\" = \"" + of_a(at::mixer_gain) + "\"\n\"/1/push1\" = \"" +
                          of_a(at::deck_start) + "\"\n");
    REQUIRE(room.wait_until_whole());
    OscClient phone;
    const auto moved = phone.request(front_door, "/1/fader1", {0.25F});
    REQUIRE(moved);
    CHECK_MESSAGE(moved->is_reply_to("/1/fader1"), moved->shown());
    const auto asked = phone.request(front_door, "/1/fader1");
    REQUIRE(asked);
    CHECK_MESSAGE(asked->address == "/1/fader1", asked->shown());
    CHECK_MESSAGE(asked->number(0) == doctest::Approx(0.25), asked->shown());
    const std::string track = room.coded_track("left.wav", CodedChannels::left_only);
    REQUIRE(room.ask(at::cue, {std::string{"A"}, track})->is_reply_to(at::cue));
    REQUIRE(phone.request(front_door, "/1/push1", {1.0F})->is_reply_to("/1/push1"));
    const auto plays = [&room] {
        const auto state = room.ask(of_a(at::deck_state));
        return state && state->text(0) == "playing";
    };
    REQUIRE(eventually(plays));
    phone.send(front_door, "/1/push1", {0.0F});  // let go
    CHECK(plays());
}

TEST_CASE("movement at the door reaches the follower, of more detectors than are remembered, and after it was killed") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    room.start_again_with(R"([[client]]
name = "bpm-follower"
run = ["crowdjack-bpm-follower"]
)");
    REQUIRE(room.wait_until_whole());
    const auto reports = [&] { return room.ask(at::tempo_health)->named("reports"); };
    const auto movement = [&] {
        const auto state = room.ask(at::tempo_state);
        return state && state->address == at::tempo_state ? state->number(3) : -1.0;
    };
    REQUIRE(eventually([&] { return movement() >= 0.0; }));
    std::vector<std::unique_ptr<OscClient>> detectors;
    for (int i = 0; i < 40; ++i) {
        detectors.push_back(std::make_unique<OscClient>());
    }
    for (const auto& detector : detectors) {
        detector->send(front_door, at::dance_total_movement, {0.375F});
    }
    CHECK(eventually([&] { return reports() == 40.0; }));
    CHECK(movement() == doctest::Approx(0.375));
    // Again in another order: each was replaced by a later one meanwhile.
    for (auto detector = detectors.rbegin(); detector != detectors.rend(); ++detector) {
        (*detector)->send(front_door, at::dance_total_movement, {0.375F});
    }
    CHECK(eventually([&] { return reports() == 80.0; }));
    const pid_t killed = SessionRoom::signal("bpm-follower", SIGKILL);
    REQUIRE(SessionRoom::wait_for_successor("bpm-follower", killed));
    REQUIRE(eventually([&] { return movement() >= 0.0; }));
    detectors.front()->send(front_door, at::dance_total_movement, {0.75F});
    CHECK(eventually([&] { return movement() > 0.7; }));
}

TEST_CASE("two senders of one command each get their own answer") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    const string track = room.coded_track("there.wav", CodedChannels::left_only, 2.0);
    OscClient other;
    for (int i = 0; i < 20; ++i) {
        const std::size_t mark = room.osc.count();
        const std::size_t other_mark = other.count();
        // One is answered when the file is open, the other at once.
        room.osc.send(front_door, at::load_buffer, {100, track});
        other.send(front_door, at::load_buffer, {101, string{"/nowhere/missing.wav"}});
        const auto about_buffer = [](const OscReceived& message) {
            return message.is_reply_to(at::load_buffer) || message.is_error_of(at::load_buffer);
        };
        const auto good = room.osc.wait_for(about_buffer, mark);
        const auto bad = other.wait_for(about_buffer, other_mark);
        CAPTURE(shown(good));
        CAPTURE(shown(bad));
        REQUIRE(good);
        REQUIRE(bad);
        CHECK(good->is_reply_to(at::load_buffer));
        CHECK(bad->is_error_of(at::load_buffer));
    }
}

TEST_CASE("each of many mixed commands is answered once, to its sender") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    const std::array mixed{packet_of(filled(at::mixer_gain, {"A"}), ",f", {"\x3f\0\0\0", 4}),
                           packet_of(of_a(at::deck_gain), ",f", {"\x3f\0\0\0", 4}),
                           packet_of(of_a(at::deck_state), ","),
                           packet_of(filled(at::mixer_eq, {"B", "mid"}), ",i", {"\0\0\0\x20", 4}),
                           packet_of(at::mixer_state, ","),
                           packet_of(at::reset, ","),
                           packet_of(at::deck_levels, ",ff", {"\x3f\0\0\0\x3f\0\0\0", 8}),
                           packet_of(filled(at::deck_rate, {"B"}), ",f", {"\x7f\0\0\0", 4}),
                           packet_of(at::set_meter, ",b", {"\0\0\0\4abcd", 8})};
    const std::array<RawClient, 2> clients{RawClient{door_port}, RawClient{door_port}};
    constexpr int rounds = 100;
    for (int round = 0; round < rounds; ++round) {
        for (const auto& client : clients) {
            for (const auto& packet : mixed) {
                client.send(packet);
            }
        }
        for (const auto& client : clients) {
            for (std::size_t i = 0; i < mixed.size(); ++i) {
                REQUIRE_FALSE(client.next().address.empty());
            }
        }
    }
    for (const auto& client : clients) {
        CHECK(client.next(100).address.empty());
    }
}

TEST_CASE("crowdjack-session send prints the answer and says in its exit code how it went") {
    const auto run = [](std::vector<string> words) {
        words.insert(words.begin(), {program_path("crowdjack-session"), "send", "--server", "test"});
        Process process{words};
        const int code = process.wait(Deadline{30'000}).value_or(-1);
        return std::pair{code, process.whole_output()};
    };
    CHECK(run({at::reset}).first == 3);
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    CHECK(run({filled(at::mixer_gain, {"A"}), "0.5"}) ==
          std::pair{0, string{at::reply} + " " + filled(at::mixer_gain, {"A"}) + "\n"});
    CHECK(run({filled(at::mixer_gain, {"A"})}).second.starts_with(filled(at::mixer_gain, {"A"}) + " 0.5 "));
    CHECK(run({at::mixer_mute, "A", "T"}).first == 0);
    CHECK(run({filled(at::mixer_gain, {"A"}), "s:loud"}).first == 1);
    CHECK(run({of_a(at::deck_nudge), "-3"}).first <= 1);  // a number, no option
    CHECK(run({}).first == 2);
    CHECK(run({at::mixer_gain, "A", "f:x"}).first == 2);
}

TEST_CASE("a second test tone leaves nothing of the first") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    CHECK(room.ask(at::test_tone, {440.0F})->is_reply_to(at::test_tone));
    CHECK(room.ask(at::test_tone, {880.0F})->is_reply_to(at::test_tone));
    CHECK(room.ask(at::test_tone, {220.0F})->is_reply_to(at::test_tone));
    const auto zombies = [&room] {
        std::ifstream children{"/proc/" + std::to_string(room.session->pid()) + "/task/" +
                               std::to_string(room.session->pid()) + "/children"};
        int dead = 0;
        for (pid_t child{}; children >> child;) {
            std::ifstream stat{"/proc/" + std::to_string(child) + "/stat"};
            string text;
            std::getline(stat, text);
            dead += text.find(") Z ") != string::npos ? 1 : 0;
        }
        return dead;
    };
    CHECK(eventually([&room] { return room.ask(at::session_state).has_value(); }));
    CHECK(eventually([&] { return zombies() == 0; }));
}

TEST_CASE("every described address is served by the program that the description names") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    using protocol::Role;
    using protocol::Server;
    const auto url_of = [](Server server) {
        const auto url = [](const string& client) { return registry_entry("test", client)->at("url"); };
        switch (server) {
        case Server::deck:
        case Server::anybody:
            return url("deck-A");
        case Server::mixer:
            return url("mixer-bus");
        case Server::door:
            return front_door;
        default:
            return string{};  // not in this room
        }
    };
    const std::vector<OscValue> too_many(40, OscNil{});
    for (const auto& each : protocol::descriptions()) {
        const string url = url_of(each.server);
        const bool told = each.way.role == Role::event || each.way.role == Role::report;
        if (url.empty() || told || each.way.pending) {
            continue;
        }
        const string address{each.address};
        CAPTURE(address);
        const auto answer = room.osc.request(url, address, too_many);
        CAPTURE(shown(answer));
        REQUIRE(answer);
        CHECK_FALSE((answer->is_error_of(address) && answer->number(1) == 2));
    }
}
