// SPDX-License-Identifier: GPL-3.0-or-later
// What the protocol promises of a deck, asked as an outsider asks.
#include "tests/deck/live_deck.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace crowdjack::test;

namespace {

struct Room {
    Room() { write_position_coded(folder / "coded.wav", 48'000 * 20, 48000, SampleFormat::pcm24); }
    [[nodiscard]] std::string track() const { return (folder / "coded.wav").string(); }

    TemporaryFolder folder;
    JackServer server{{48000, 256, "test"}};
    OscClient osc;
};

}  // namespace

TEST_CASE("a subscriber hears the state ten times a second while the deck plays, and once more when it stops") {
    Room room;
    const LiveDeck deck{room.server, room.folder.path()};
    deck.ask(room.osc, at::subscribe);
    deck.ask(room.osc, at::deck_cue, {room.track()});
    deck.ask(room.osc, at::deck_start);
    REQUIRE(room.osc.wait_for(at::deck_started));
    const auto playing = [](const OscReceived& heard) {
        return heard.address == at::deck_state && heard.text(0) == "playing";
    };
    const auto first = room.osc.wait_for(playing);
    REQUIRE(first);
    constexpr std::size_t states = 10;
    std::vector<double> frames;
    REQUIRE(eventually([&] {
        frames.clear();
        for (const OscReceived& heard : room.osc.received(at::deck_state)) {
            if (playing(heard)) {
                frames.push_back(heard.number(2));
            }
        }
        return frames.size() > states;
    }));
    // A busy machine sends them late, never more often; a period of slack each.
    CHECK((frames[states] - frames[0]) / 48000.0 > 0.1 * states - 0.1);
    deck.ask(room.osc, at::deck_stop);
    CHECK(room.osc.wait_for(
        [](const OscReceived& heard) { return heard.address == at::deck_state && heard.text(0) == "stopped"; }));
}

TEST_CASE("a word where a number should stand is refused, not read as an omission") {
    Room room;
    const LiveDeck deck{room.server, room.folder.path()};
    const std::string word{"soon"};
    const auto refused = [&](const std::string& address, const std::vector<OscValue>& arguments) {
        const auto answer = deck.ask(room.osc, address, arguments);
        CAPTURE(answer.shown());
        CHECK(answer.is_error_of(address));
        CHECK(answer.number(1) == 1);
    };
    refused(at::deck_cue, {room.track(), word});
    refused(at::deck_cue, {room.track(), 1.0, word});
    REQUIRE(deck.ask(room.osc, at::deck_cue, {room.track()}).is_reply_to(at::deck_cue));
    REQUIRE(deck.ask(room.osc, at::deck_stem_load, {0, room.track()}).is_reply_to(at::deck_stem_load));
    refused(at::deck_start, {word});
    refused(at::deck_start, {OscNil{}, word});
    refused(at::deck_stop, {word});
    refused(at::deck_gain, {1.0F, word});
    refused(at::deck_hotcue, {1, word});
    refused(at::deck_stem_play, {0, 1.0F, 1.0F, word});
    CHECK(deck.ask(room.osc, at::deck_state).text(0) == "cued");
}

TEST_CASE("subscribers hear that a track can't be cued, too") {
    Room room;
    const LiveDeck deck{room.server, room.folder.path()};
    std::ofstream{room.folder / "notes.wav"} << "no sound at all";
    OscClient listener;
    REQUIRE(deck.ask(listener, at::subscribe).is_reply_to(at::subscribe));
    const auto answer = deck.ask(room.osc, at::deck_cue, {(room.folder / "notes.wav").string()});
    CHECK(answer.number(1) == 5);
    const auto heard = listener.wait_for(at::deck_failed);
    REQUIRE(heard);
    CHECK(heard->text(0) == answer.text(2));
}

TEST_CASE("what is refused is counted where the deck's health is asked") {
    Room room;
    const LiveDeck deck{room.server, room.folder.path()};
    deck.ask(room.osc, R"(/deck/nonsense)");
    deck.ask(room.osc, at::deck_gain, {99.0F});
    OscClient::send_packet(deck.url(), {'n', 'o', 'n', 'e'});
    REQUIRE(eventually([&] { return deck.ask(room.osc, at::deck_health).named("osc_malformed") == 1; }));
    const auto health = deck.ask(room.osc, at::deck_health);
    CHECK(health.named("osc_unknown") == 1);
    CHECK(health.named("osc_refused") == 1);
}

TEST_CASE("a place beyond the track is a bad argument, wherever it is asked for") {
    Room room;
    const LiveDeck deck{room.server, room.folder.path()};
    const auto code = [&](const std::string& address, const std::vector<OscValue>& arguments) {
        const auto answer = deck.ask(room.osc, address, arguments);
        CAPTURE(answer.shown());
        CHECK(answer.is_error_of(address));
        return answer.number(1);
    };
    CHECK(code(at::deck_cue, {room.track(), 20.0}) == 1);
    REQUIRE(deck.ask(room.osc, at::deck_cue, {room.track(), 19.9}).is_reply_to(at::deck_cue));
    CHECK(code(at::deck_seek, {20.0}) == 1);
    CHECK(code(at::deck_start, {OscNil{}, 20.0}) == 1);
    CHECK(code(at::deck_hotcue, {1, 20.0}) == 1);
}

TEST_CASE("the place that was cued is the one that the state says, before a cycle has run") {
    Room room;
    room.server.set_period(4096);  // a cycle takes 85 ms
    const LiveDeck deck{room.server, room.folder.path()};
    REQUIRE(deck.ask(room.osc, at::deck_cue, {room.track()}).is_reply_to(at::deck_cue));
    REQUIRE(eventually([&] { return deck.ask(room.osc, at::deck_state).number(2) > 0; }));  // the engine knows this one
    for (double place = 1.0; place < 11.0; ++place) {
        REQUIRE(deck.ask(room.osc, at::deck_cue, {room.track(), place}).is_reply_to(at::deck_cue));
        const auto now = deck.ask(room.osc, at::deck_state);
        CHECK(now.text(0) == "cued");
        CHECK(now.number(3) == place);
    }
}

TEST_CASE("a keep-pitch method taken up again does not count what nobody read meanwhile as an underrun") {
    Room room;
    const LiveDeck deck{room.server, room.folder.path()};
    deck.ask(room.osc, at::deck_cue, {room.track()});
    deck.ask(room.osc, at::deck_loop, {true});
    deck.ask(room.osc, at::deck_start);
    const auto underruns = [&] { return deck.ask(room.osc, at::deck_health).named("stretch_underruns"); };
    const auto use_for_a_while = [&](const std::string& method) {
        REQUIRE(deck.ask(room.osc, at::deck_stretch, {method}).is_reply_to(at::deck_stretch));
        REQUIRE(room.server.wait_for_frame(room.server.frame() + 24'000));
    };
    use_for_a_while("wsola");
    // A loaded machine may lose a cycle; without one the count stands still.
    bool calm = false;
    for (int attempt = 0; attempt < 5 && !calm; ++attempt) {
        const double before = underruns();
        use_for_a_while("rate");
        use_for_a_while("wsola");
        calm = underruns() == before;
    }
    CHECK(calm);
}

TEST_CASE("the log tells when the reserve ran dry") {
    Room room;
    LiveDeck deck{room.server, room.folder.path(), {"--stretch", "wsola"}};
    deck.ask(room.osc, at::deck_cue, {room.track()});
    deck.ask(room.osc, at::deck_start);
    REQUIRE(eventually([&] { return deck.ask(room.osc, at::deck_health).named("stretch_reserve_frames") > 0; }));
    REQUIRE(room.server.wait_for_frame(room.server.frame() + 24'000));
    deck.process().signal(SIGSTOP);
    REQUIRE(room.server.wait_for_frame(room.server.frame() + 24'000));
    deck.process().signal(SIGCONT);
    CHECK(deck.process().wait_for_line("stretch-underrun"));
}

TEST_CASE("a subscriber may name itself as localhost or by this machine's name") {
    Room room;
    const LiveDeck deck{room.server, room.folder.path()};
    const std::string url = room.osc.url();
    const std::string port = url.substr(url.rfind(':'));
    std::array<char, 256> machine{};
    REQUIRE(gethostname(machine.data(), machine.size() - 1) == 0);
    for (const std::string host : {"localhost", "127.0.0.1", static_cast<const char*>(machine.data())}) {
        CAPTURE(host);
        room.osc.forget();
        CHECK(deck.ask(room.osc, at::subscribe, {"osc.udp://" + host + port}).is_reply_to(at::subscribe));
    }
    deck.ask(room.osc, at::deck_cue, {room.track()});
    CHECK(room.osc.wait_for(at::deck_ready));
}

TEST_CASE("a state that can't be read does not keep a deck from starting, unless its file was named") {
    Room room;
    const auto folder = std::filesystem::path{std::getenv("XDG_RUNTIME_DIR")} / "crowdjack" / room.server.name();
    for (const std::string nonsense : {"", "{\"deck\": 1}", "no state"}) {
        CAPTURE(nonsense);
        std::filesystem::create_directories(folder);
        std::ofstream{folder / "deck-A.state"} << nonsense;
        LiveDeck deck{room.server, room.folder.path(), {"--resume"}};
        CHECK(deck.ask(room.osc, at::deck_state).text(0) == "empty");
        CHECK(deck.process().wait_for_line("state-not-restored"));
        CHECK(deck.process().terminate() == 0);
    }
    const auto named = room.folder / "named.state";
    std::ofstream{named} << "no state";
    Process deck{{program_path("crowdjack-deck"), "--server", room.server.name(), "--resume-from", named.string()}};
    CHECK(deck.wait() == 1);
}

TEST_CASE("a music folder that is not there is said at the start, and counts once it is") {
    const JackServer server;
    const TemporaryFolder place;
    const auto music = place / "stick";
    LiveDeck deck{server, music};
    OscClient osc;
    CHECK(deck.process().output().find("music-folder-missing folder=" + music.string()) != std::string::npos);
    std::filesystem::create_directory(music);
    write_audio(music / "track.wav", sine(440.0, 1.0, 48000.0), 1, 48000, SampleFormat::pcm16);
    CHECK(deck.ask(osc, at::deck_cue, {std::string{"track.wav"}}).address == at::reply);
}

TEST_CASE("an OSC port that is none is wrong usage") {
    for (const std::string port : {"-1", "65536", "many"}) {
        CAPTURE(port);
        Process deck{{program_path("crowdjack-deck"), "--name", "A", "--osc-port", port}};
        CHECK(deck.wait() == 2);
        CHECK(deck.whole_output().find("crowdjack-deck: ") == 0);
    }
}
