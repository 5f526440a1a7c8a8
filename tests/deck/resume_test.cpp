// SPDX-License-Identifier: GPL-3.0-or-later
// A deck that was killed goes on as if it had never stopped; and floods of requests end nothing.
#include "tests/deck/live_deck.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/undisturbed.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace crowdjack::test;
namespace fs = std::filesystem;

namespace {

struct Room {
    explicit Room(std::uint32_t period = 256) : server{{48000, period, "test"}} {
        write_position_coded(folder / "coded.wav", 48'000 * 20, 48000, SampleFormat::pcm24);
        write_audio(folder / "other.wav", as_channels(sine(330.0, 20.0, 48000.0), 2), 2, 48000, SampleFormat::pcm16);
    }
    [[nodiscard]] std::string track() const { return (folder / "coded.wav").string(); }
    [[nodiscard]] std::string other() const { return (folder / "other.wav").string(); }
    LiveDeck deck(std::vector<std::string> more = {}) const { return LiveDeck{server, folder.path(), std::move(more)}; }
    bool reaches(LiveDeck& which, const std::string& state, const std::string& path) {
        return eventually([&] {
            const auto now = which.ask(osc, at::deck_state);
            return now.text(0) == state && now.text(1) == path;
        });
    }
    [[nodiscard]] fs::path state_file() const {
        return fs::path{std::getenv("XDG_RUNTIME_DIR")} / "crowdjack" / server.name() / "deck-A.state";
    }
    /// Waits until the state file says it, of a track of this room: the file of the room before may still be there.
    bool remembers(const std::string& text) const {
        return eventually([&] {
            const std::string all = text_of(state_file());
            return all.find(text) != std::string::npos && all.find(folder.path().string()) != std::string::npos;
        });
    }

    TemporaryFolder folder;
    JackServer server;
    OscClient osc;
};

std::vector<char> packed(const std::vector<char>& message) {
    const auto size = static_cast<std::uint32_t>(message.size());
    std::vector<char> element{static_cast<char>(size >> 24U), static_cast<char>(size >> 16U),
                              static_cast<char>(size >> 8U), static_cast<char>(size)};
    element.insert(element.end(), message.begin(), message.end());
    return element;
}

/// Many commands in few packets: bundles of 60, to be done at once.
void flood(LiveDeck& deck, const std::string& address, const std::function<void(lo_message, int)>& fill, int count) {
    for (int done = 0; done < count;) {
        std::vector<char> bundle{'#', 'b', 'u', 'n', 'd', 'l', 'e', 0, 0, 0, 0, 0, 0, 0, 0, 1};
        for (int i = 0; i < 60 && done < count; ++i, ++done) {
            const lo_message message = lo_message_new();
            fill(message, done);
            std::size_t size{};
            void* const bytes = lo_message_serialise(message, address.c_str(), nullptr, &size);
            const auto element = packed({static_cast<char*>(bytes), static_cast<char*>(bytes) + size});
            bundle.insert(bundle.end(), element.begin(), element.end());
            std::free(bytes);
            lo_message_free(message);
        }
        OscClient::send_packet(deck.url(), bundle);
    }
}

}  // namespace

TEST_CASE("FILE --play with --resume after a kill goes on where it would be, not from its beginning") {
    Room room;
    const std::vector<std::string> arguments{room.track(), "--play", "--resume"};
    auto deck = std::make_unique<LiveDeck>(room.server, room.folder.path(), arguments);
    REQUIRE(room.reaches(*deck, "playing", room.track()));
    deck->ask(room.osc, at::deck_seek, {10.0});
    REQUIRE(eventually([&] { return deck->ask(room.osc, at::deck_state).number(3) > 10.2; }));
    REQUIRE(room.remembers("\"source\": 480000"));
    REQUIRE(room.remembers("\"playing\": true"));
    deck->process().kill_hard();
    deck = std::make_unique<LiveDeck>(room.server, room.folder.path(), arguments);
    REQUIRE(room.reaches(*deck, "playing", room.track()));
    CHECK(deck->ask(room.osc, at::deck_state).number(3) > 10.2);
    CHECK(deck->process().output().find("event=cued") == std::string::npos);
}

TEST_CASE("while a killed deck takes up what it was, its saved state never says less") {
    Room room;
    auto deck = std::make_unique<LiveDeck>(room.server, room.folder.path());
    deck->ask(room.osc, at::deck_cue, {room.track()});
    SUBCASE("it plays") {
        deck->ask(room.osc, at::deck_start);
        REQUIRE(room.remembers("\"playing\": true"));
    }
    SUBCASE("it stands at a place that is not the cue's") {
        deck->ask(room.osc, at::deck_seek, {7.5});
        REQUIRE(room.remembers("\"rest_source\": 360000"));
    }
    const bool plays = text_of(room.state_file()).find("\"playing\": true") != std::string::npos;
    const std::string kept = plays ? "\"playing\": true" : "\"rest_source\": 360000";
    std::atomic<bool> enough{false};
    std::string less;
    std::thread witness{[&] {
        while (!enough) {
            const std::string state = text_of(room.state_file());
            less = !state.empty() && state.find(kept) == std::string::npos ? state : less;
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
    }};
    const int lives = plays ? 8 : 2;  // of the same text a third would ask whether it ends its reader
    for (int life = 0; life < lives; ++life) {
        deck->process().kill_hard();
        deck = std::make_unique<LiveDeck>(room.server, room.folder.path(), std::vector<std::string>{"--resume"});
        CHECK_MESSAGE(deck->process().wait_for_line("resumed"), deck->process().output());
        std::this_thread::sleep_for(std::chrono::milliseconds{200});
    }
    enough = true;
    witness.join();
    CHECK_MESSAGE(less.empty(), less);
}

TEST_CASE("what is cued next, and a start under way, come back after a kill") {
    Room room;
    auto deck = std::make_unique<LiveDeck>(room.server, room.folder.path());
    deck->ask(room.osc, at::deck_cue, {room.track()});
    deck->ask(room.osc, at::deck_start);
    REQUIRE(room.reaches(*deck, "playing", room.track()));
    deck->ask(room.osc, at::deck_cue, {room.other(), 3.0, 111.0});
    const std::int32_t due = LiveDeck::soon(room.server, 4.0);
    deck->ask(room.osc, at::deck_start, {due});
    REQUIRE(room.remembers("\"quantum\""));
    REQUIRE(room.remembers("other.wav"));
    deck->process().kill_hard();
    deck = std::make_unique<LiveDeck>(room.server, room.folder.path(), std::vector<std::string>{"--resume"});
    CHECK(deck->ask(room.osc, at::deck_state).text(1) == room.track());
    REQUIRE(room.reaches(*deck, "playing", room.other()));
    const auto now = deck->ask(room.osc, at::deck_state);
    const double meant = 3.0 + (now.number(2) - due) / 48000.0;
    CHECK(std::abs(now.number(3) - meant) < 0.001);
    CHECK(now.number(6) == 111.0);
}

TEST_CASE("a deck whose track would have ended meanwhile has ended, and forgets nothing") {
    Room room;
    auto deck = std::make_unique<LiveDeck>(room.server, room.folder.path());
    deck->ask(room.osc, at::deck_cue, {room.track(), 19.0});
    deck->ask(room.osc, at::deck_start);
    REQUIRE(room.reaches(*deck, "playing", room.track()));
    REQUIRE(room.remembers("\"playing\": true"));
    const std::uint32_t later = room.server.frame() + 72'000;
    deck->process().kill_hard();
    REQUIRE(room.server.wait_for_frame(later));
    deck = std::make_unique<LiveDeck>(room.server, room.folder.path(), std::vector<std::string>{"--resume"});
    const bool ended = room.reaches(*deck, "stopped", room.track());
    CAPTURE(deck->ask(room.osc, at::deck_state).shown());
    CAPTURE(deck->ask(room.osc, at::deck_cue).shown());
    CHECK(ended);
    CHECK(deck->ask(room.osc, at::deck_cue).number(1) == 19.0);
}

TEST_CASE("a file name that is no UTF-8 comes back, too") {
    Room room;
    const std::string name = (room.folder / "caf\xe9.wav").string();
    fs::copy_file(room.track(), name);
    auto deck = std::make_unique<LiveDeck>(room.server, room.folder.path());
    deck->ask(room.osc, at::deck_cue, {name, 1.0});
    REQUIRE(room.remembers("path_bytes"));
    deck->process().kill_hard();
    deck = std::make_unique<LiveDeck>(room.server, room.folder.path(), std::vector<std::string>{"--resume"});
    CHECK(room.reaches(*deck, "cued", name));
}

TEST_CASE("a state that ended its reader is set aside at the second try") {
    Room room;
    auto deck = std::make_unique<LiveDeck>(room.server, room.folder.path());
    deck->ask(room.osc, at::deck_cue, {room.track(), 1.0});
    REQUIRE(room.remembers("coded.wav"));
    deck->process().kill_hard();
    deck = std::make_unique<LiveDeck>(room.server, room.folder.path(), std::vector<std::string>{"--resume"});
    deck->process().signal(SIGABRT);  // as a failed assertion does; AddressSanitizer would report a SIGSEGV
    CHECK(deck->process().wait() == 128 + SIGABRT);
    deck = std::make_unique<LiveDeck>(room.server, room.folder.path(), std::vector<std::string>{"--resume"});
    CHECK(deck->process().wait_for_line("state-not-restored"));
    CHECK(deck->ask(room.osc, at::deck_state).text(0) == "empty");
    CHECK(fs::exists(room.state_file().string() + ".set-aside"));
}

TEST_CASE("what is cued while a saved state is taken up is not refused for it, and a cue that fails loses nothing") {
    Room room;
    auto deck = std::make_unique<LiveDeck>(room.server, room.folder.path());
    deck->ask(room.osc, at::deck_cue, {room.track(), 1.0});
    for (int life = 0; life < 8; ++life) {
        CAPTURE(life);
        const bool fails = life % 2 == 1;
        REQUIRE(room.remembers("coded.wav"));
        deck->process().kill_hard();
        deck = std::make_unique<LiveDeck>(room.server, room.folder.path(), std::vector<std::string>{"--resume"});
        const std::string wanted = fails ? (room.folder / "none.wav").string() : room.other();
        const auto answer = deck->ask(room.osc, at::deck_cue, {wanted, 2.0});
        CAPTURE(answer.shown());
        CHECK(answer.is_reply_to(at::deck_cue) == !fails);
        CHECK(room.reaches(*deck, "cued", fails ? room.track() : room.other()));
        REQUIRE(room.remembers(fails ? "coded.wav" : "other.wav"));
        deck->ask(room.osc, at::deck_cue, {room.track(), 1.0});
    }
}

TEST_CASE("a place that was asked for before another cue is not where the other track starts") {
    Room room;
    LiveDeck deck = room.deck();
    deck.ask(room.osc, at::deck_cue, {room.track()});
    // Both answers come, in whatever order; the second track begins at its own cue.
    room.osc.send(deck.url(), at::deck_start, {OscNil{}, 15.0});
    deck.ask(room.osc, at::deck_cue, {room.other(), 2.0});
    REQUIRE(eventually([&] { return !room.osc.received(at::reply).empty(); }));
    deck.ask(room.osc, at::deck_stop);
    deck.ask(room.osc, at::deck_cue, {room.other(), 2.0});
    deck.ask(room.osc, at::deck_start);
    REQUIRE(room.reaches(deck, "playing", room.other()));
    CHECK(deck.ask(room.osc, at::deck_state).number(3) < 10.0);
}

TEST_CASE("a thousand seeks, cues, stems, hot cues or methods at once are each answered, and starve nothing") {
    Room room{1024};
    LiveDeck deck = room.deck();
    deck.ask(room.osc, at::deck_cue, {room.track()});
    deck.ask(room.osc, at::deck_loop, {true});
    deck.ask(room.osc, at::deck_start);
    REQUIRE(room.reaches(deck, "playing", room.track()));
    constexpr int burst = 1000;
    const auto settle = [&] {
        REQUIRE(room.server.wait_for_frame(room.server.frame() + 24'000));
        return deck.ask(room.osc, at::deck_health).named("starved_frames");
    };
    const double before = settle();
    flood(
        deck, at::deck_seek, [](lo_message m, int i) { lo_message_add_double(m, 0.019 * i); }, burst);
    CHECK(deck.ask(room.osc, at::deck_seek, {5.0}).is_reply_to(at::deck_seek));
    flood(
        deck, at::deck_hotcue,
        [](lo_message m, int i) {
            lo_message_add_int32(m, 1 + i % 8);
            lo_message_add_double(m, 0.019 * i);
        },
        burst);
    CHECK(deck.ask(room.osc, at::deck_hotcue, {1, 5.0}).is_reply_to(at::deck_hotcue));
    flood(
        deck, at::deck_stem_load,
        [&](lo_message m, int i) {
            lo_message_add_int32(m, i % 16);
            lo_message_add_string(m, room.other().c_str());
        },
        burst);
    CHECK(deck.ask(room.osc, at::deck_stem_load, {0, room.other()}).is_reply_to(at::deck_stem_load));
    flood(
        deck, at::deck_stretch, [](lo_message m, int i) { lo_message_add_string(m, i % 2 == 0 ? "wsola" : "rate"); },
        burst);
    CHECK(deck.ask(room.osc, at::deck_stretch, {std::string{"rate"}}).is_reply_to(at::deck_stretch));
    CHECK(settle() - before < 4800.0);  // a tenth of a second in all, for a machine that stalls by itself
    flood(
        deck, at::deck_cue, [&](lo_message m, int) { lo_message_add_string(m, room.other().c_str()); }, burst);
    CHECK(deck.ask(room.osc, at::deck_cue, {room.other(), 1.0}).is_reply_to(at::deck_cue));
    CHECK(deck.ask(room.osc, at::deck_start).is_reply_to(at::deck_start));
    REQUIRE(room.reaches(deck, "playing", room.other()));
    const double after = settle();
    const std::uint32_t later = room.server.frame() + 48'000;
    REQUIRE(room.server.wait_for_frame(later));
    CHECK(deck.ask(room.osc, at::deck_health).named("starved_frames") == after);
}

TEST_CASE("quitting is no click, however long the period") {
    for (const std::uint32_t period : {256U, 2048U, 4096U}) {
        CAPTURE(period);
        undisturbed([period] {
            Room room{period};
            Capture ears{room.server.name(), Capture::Settings{"ears", 2, 20.0}};
            auto deck = room.deck();
            ears.listen_to(deck.port("out_l"), 0);
            deck.ask(room.osc, at::deck_cue, {room.other()});
            deck.ask(room.osc, at::deck_start);
            REQUIRE(room.reaches(deck, "playing", room.other()));
            REQUIRE(ears.wait_until(*ears.end_frame() + 24'000));
            CHECK(deck.process().terminate() == 0);
            REQUIRE(ears.wait_until(*ears.end_frame() + 2 * period));
            // The last samples before the silence are a fade's: none louder than what a sine leaves at its end.
            float last = 0.0F;
            for (std::int64_t frame = *ears.end_frame() - 1; last == 0.0F && frame > ears.first_frame(); --frame) {
                last = ears.sample(0, frame).value_or(0.0F);
            }
            const bool faded = last != 0.0F && std::abs(last) < 0.001F;
            if (!faded && disturbed(ears)) {
                return false;
            }
            CHECK(last != 0.0F);
            CHECK(std::abs(last) < 0.001F);
            return true;
        });
    }
}

TEST_CASE("a tempo line that began an hour ago is taken") {
    Room room;
    LiveDeck deck = room.deck();
    deck.ask(room.osc, at::deck_cue, {room.track(), 0.0, 60.0});
    const auto hour_ago = static_cast<std::int32_t>(room.server.frame() - 3600U * 48'000U);
    room.osc.send(deck.url(), at::tempo_line, {7, hour_ago, 0.0, 120.0, hour_ago, 120.0});
    CHECK(deck.ask(room.osc, at::deck_start).is_reply_to(at::deck_start));
    CHECK(eventually([&] { return deck.ask(room.osc, at::deck_state).number(5) == 2.0; }));
    CHECK(deck.ask(room.osc, at::deck_health).named("osc_refused") == 0);
}
