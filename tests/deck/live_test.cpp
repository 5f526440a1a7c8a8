// SPDX-License-Identifier: GPL-3.0-or-later
// A real deck under a real JACK server: what sounded at which frame, and what it survives.
#include "tests/deck/live_deck.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

using namespace crowdjack::test;
namespace fs = std::filesystem;

namespace {

constexpr auto depth = SampleFormat::pcm24;
const PositionCode code{depth};

/// A server, a place for files with one coded track, an outsider and ears.
struct Stage {
    explicit Stage(std::uint32_t period = 128, double seconds = 40.0)
        : server{{48000, period, "test"}},
          own_ears{std::make_unique<Capture>(server.name(), Capture::Settings{"ears", 2, seconds})},
          ears{*own_ears} {
        write_position_coded(folder / "coded.wav", 48'000 * 60, 48000, depth);
    }
    void listen(const LiveDeck& deck) {
        ears.listen_to(deck.port("out_l"), 0);
        ears.listen_to(deck.port("out_r"), 1);
    }
    [[nodiscard]] std::optional<std::int64_t> heard(std::int64_t frame) const {
        const auto left = ears.sample(0, frame);
        const auto right = ears.sample(1, frame);
        return left && right ? code.frame_of(*left, *right) : std::nullopt;
    }
    [[nodiscard]] std::string track() const { return (folder / "coded.wav").string(); }

    TemporaryFolder folder;
    JackServer server;
    std::unique_ptr<Capture> own_ears;
    Capture& ears;
    OscClient osc;

    /// Compares what sounded with the track from `source` on. A cycle that the machine lost to load is silence, and no
    /// fault of the deck's; most must be there.
    /// Every recorded frame of the first `count` from `start` on is the file's; where the server's clock jumped there
    /// is none. @returns how many were recorded
    std::int64_t check_exact(std::int64_t start, std::int64_t source, std::int64_t count) const {
        std::int64_t recorded = 0;
        for (std::int64_t i = 0; i < count; ++i) {
            if (ears.sample(0, start + i)) {
                REQUIRE(heard(start + i) == source + i);
                ++recorded;
            }
        }
        CHECK(recorded > count / 2);
        return recorded;
    }
};

void check_refused(LiveDeck& deck, OscClient& osc, const std::string& path, double wanted_code) {
    const auto answer = deck.ask(osc, at::deck_cue, {path});
    CAPTURE(answer.shown());
    CHECK(answer.is_error_of(at::deck_cue));
    CHECK(answer.number(1) == wanted_code);
    CHECK(answer.text(2).find(fs::path{path}.filename().string()) != std::string::npos);
}

}  // namespace

TEST_CASE("a deck started at a frame plays its file from exactly there, bit for bit, at several periods") {
    for (const std::uint32_t period : {64U, 256U, 1024U}) {
        Stage stage{period, 30.0};
        LiveDeck deck{stage.server, stage.folder.path()};
        stage.listen(deck);
        REQUIRE(deck.ask(stage.osc, at::deck_cue, {stage.track(), 2.0}).is_reply_to(at::deck_cue));
        int whole = 0;  // starts of which every frame was recorded, the one before the start included
        for (int trial = 0; trial < 12 && whole < 3; ++trial) {
            const std::int32_t start = LiveDeck::soon(stage.server);
            const auto answer = deck.ask(stage.osc, at::deck_start, {start});
            REQUIRE(answer.is_reply_to(at::deck_start));
            CHECK(answer.number(1) == start);
            REQUIRE(stage.ears.wait_until(start + 6000));
            CHECK(stage.ears.sample(0, start - 1).value_or(0.0F) == 0.0F);
            const bool all = stage.check_exact(start, 96'000, 5000) == 5000;
            whole += all && stage.ears.sample(0, start - 1) ? 1 : 0;
            deck.ask(stage.osc, at::deck_stop);
            REQUIRE(eventually([&] { return deck.ask(stage.osc, at::deck_state).text(0) == "stopped"; }));
            deck.ask(stage.osc, at::deck_cue, {stage.track(), 2.0});
        }
        CHECK(whole == 3);
        CHECK(deck.ask(stage.osc, at::deck_health).named("starved_frames") == 0);
        CHECK(deck.process().terminate() == 0);
    }
}

TEST_CASE("the state's position holds at the state's frame") {
    Stage stage;
    LiveDeck deck{stage.server, stage.folder.path()};
    stage.listen(deck);
    CHECK(deck.ask(stage.osc, at::deck_state).text(0) == "empty");
    deck.ask(stage.osc, at::deck_cue, {stage.track()});
    CHECK(deck.ask(stage.osc, at::deck_state).text(0) == "cued");
    const std::int32_t start = LiveDeck::soon(stage.server);
    deck.ask(stage.osc, at::deck_start, {start});
    CHECK(deck.ask(stage.osc, at::deck_state).text(0) == "waiting");
    REQUIRE(stage.ears.wait_until(start + 4800));
    const auto state = deck.ask(stage.osc, at::deck_state);
    CHECK(state.text(0) == "playing");
    CHECK(state.text(1) == stage.track());
    CHECK(std::llround(state.number(3) * 48000.0) == static_cast<std::int64_t>(state.number(2)) - start);
    CHECK(state.number(4) == doctest::Approx(60.0));
    CHECK(state.text(7) == "rate");
}

TEST_CASE("a deck frozen for a second is in phase when it runs again") {
    Stage stage;
    LiveDeck deck{stage.server, stage.folder.path()};
    stage.listen(deck);
    deck.ask(stage.osc, at::deck_cue, {stage.track()});
    const std::int32_t start = LiveDeck::soon(stage.server);
    deck.ask(stage.osc, at::deck_start, {start});
    REQUIRE(stage.ears.wait_until(start + 4800));
    deck.process().signal(SIGSTOP);
    REQUIRE(stage.server.wait_for_frame(static_cast<std::uint32_t>(start) + 4800 + 48'000));
    deck.process().signal(SIGCONT);
    std::int64_t frame = start + 60'000;
    REQUIRE(eventually([&] {
        frame = stage.ears.end_frame().value_or(0) - 1;
        return frame > start + 60'000 && stage.heard(frame).has_value();
    }));
    CHECK(stage.heard(frame) == frame - start);
}

TEST_CASE("a deck killed with -9 while it plays is heard again in phase") {
    Stage stage;
    std::int32_t start = 0;
    for (int life = 0; life < 3; ++life) {
        LiveDeck deck{stage.server, stage.folder.path(), {"--resume"}};
        stage.listen(deck);
        if (life == 0) {
            deck.ask(stage.osc, at::deck_cue, {stage.track()});
            start = LiveDeck::soon(stage.server);
            deck.ask(stage.osc, at::deck_start, {start});
            REQUIRE(stage.ears.wait_until(start + 9600));
        }
        const std::int64_t now = stage.ears.end_frame().value_or(0);
        std::int64_t frame = 0;
        const bool heard = eventually([&] {
            frame = stage.ears.end_frame().value_or(0) - 1;
            return frame > now && stage.heard(frame).has_value();
        });
        CAPTURE(life);
        CAPTURE(deck.process().output());
        REQUIRE(heard);
        CHECK(stage.heard(frame) == frame - start);
        deck.process().kill_hard();
    }
}

TEST_CASE("a deck on a tempo line takes it on the sample of its f0, and keeps it through kill -9") {
    Stage stage;
    write_audio(
        stage.folder / "slope.wav",
        [] {
            std::vector<float> slope(48'000 * 30);
            for (std::size_t i = 0; i < slope.size(); ++i) {
                slope[i] = static_cast<float>(i) / static_cast<float>(slope.size());
            }
            return slope;
        }(),
        1, 48000);
    const std::string track = (stage.folder / "slope.wav").string();
    std::int32_t start = 0;
    std::int32_t f0 = 0;
    const auto expected = [&](std::int64_t frame) {
        const double before = std::min<double>(static_cast<double>(frame - start), f0 - start);
        const double after = std::max<double>(0.0, static_cast<double>(frame - f0));
        return (before + 1.25 * after) / (48'000.0 * 30);
    };
    {
        LiveDeck deck{stage.server, stage.folder.path(), {"--resume"}};
        stage.listen(deck);
        deck.ask(stage.osc, at::deck_cue, {track, 0.0, 120.0});
        const std::int32_t line = LiveDeck::soon(stage.server, 0.0);
        stage.osc.send(deck.url(), at::tempo_line, {1, line, 0.0, 120.0, line, 120.0});
        start = LiveDeck::soon(stage.server);
        deck.ask(stage.osc, at::deck_start, {start});
        f0 = start + 9777;
        stage.osc.send(deck.url(), at::tempo_line, {2, f0, (f0 - line) / 24'000.0, 150.0, f0, 150.0});
        REQUIRE(stage.ears.wait_until(f0 + 20'000));
        for (const std::int64_t at : {-100, -1, 0, 1, 100, 15'000}) {
            CAPTURE(at);
            CHECK(std::abs(static_cast<double>(*stage.ears.sample(0, f0 + at)) - expected(f0 + at)) < 3e-8);
        }
        deck.process().kill_hard();
    }
    LiveDeck deck{stage.server, stage.folder.path(), {"--resume"}};
    stage.listen(deck);
    const std::int64_t now = stage.ears.end_frame().value_or(0);
    REQUIRE(stage.ears.wait_for_sound(0, now));
    const std::int64_t heard = *stage.ears.first_sound(0, now) + 1000;
    REQUIRE(stage.ears.wait_until(heard + 1));
    CHECK(std::abs(static_cast<double>(*stage.ears.sample(0, heard)) - expected(heard)) < 1e-6);
}

TEST_CASE("a server that comes back finds the deck at its beat") {
    Stage stage;
    LiveDeck deck{stage.server, stage.folder.path()};
    deck.ask(stage.osc, at::deck_cue, {stage.track()});
    const std::int32_t line = LiveDeck::soon(stage.server, 0.0);
    stage.osc.send(deck.url(), at::tempo_line, {1, line, 0.0, 120.0, line, 120.0});
    const std::int32_t start = LiveDeck::soon(stage.server);
    deck.ask(stage.osc, at::deck_start, {start});
    REQUIRE(stage.ears.wait_until(start + 24'000));
    const double start_beat = (start - line) / 24'000.0;
    stage.own_ears.reset();
    stage.server.kill_hard();
    REQUIRE(deck.process().wait_for_line("server-gone"));
    stage.server.restart();
    REQUIRE(stage.server.wait_for_port("deck-A:out_l"));
    Capture ears{stage.server.name(), {"new-ears", 2, 20.0}};
    ears.listen_to("deck-A:out_l", 0);
    ears.listen_to("deck-A:out_r", 1);
    const std::int32_t f0 = LiveDeck::soon(stage.server, 0.05);
    const double beat = std::ceil(start_beat) + 10.0;
    stage.osc.send(deck.url(), at::tempo_line, {1, f0, beat, 120.0, f0, 120.0});
    REQUIRE(ears.wait_for_sound(0, f0));
    const std::int64_t frame = *ears.first_sound(0, f0) + 2000;
    REQUIRE(ears.wait_until(frame + 1));
    const double wanted = (beat - start_beat) * 24'000.0 + static_cast<double>(frame - f0);
    const auto heard = code.frame_of(*ears.sample(0, frame), *ears.sample(1, frame));
    // The beats of this test are no whole frames, so the code is blended: its digits tell the place to a fraction.
    const double place =
        heard ? static_cast<double>(*heard) : static_cast<double>(*ears.sample(0, frame)) * 0x1p23 - 1.0;
    CHECK(std::abs(place - wanted) < 1.5);
}

TEST_CASE("bad files are named in an error and leave the playing track alone") {
    Stage stage;
    LiveDeck deck{stage.server, stage.folder.path()};
    stage.listen(deck);
    std::ofstream{stage.folder / "text.wav"} << std::string(999, 'x');
    std::ofstream{stage.folder / "empty.wav"};
    deck.ask(stage.osc, at::deck_cue, {stage.track()});
    const std::int32_t start = LiveDeck::soon(stage.server);
    deck.ask(stage.osc, at::deck_start, {start});
    check_refused(deck, stage.osc, (stage.folder / "missing.wav").string(), 2);
    check_refused(deck, stage.osc, (stage.folder / "text.wav").string(), 5);
    check_refused(deck, stage.osc, (stage.folder / "empty.wav").string(), 5);
    check_refused(deck, stage.osc, "/etc/passwd", 4);
    REQUIRE(stage.ears.wait_until(start + 20'000));
    stage.check_exact(start, 0, 20'000);
}

TEST_CASE("a file truncated while it plays fades, is reported, and the deck plays the next one") {
    Stage stage;
    LiveDeck deck{stage.server, stage.folder.path()};
    stage.listen(deck);
    const fs::path victim = stage.folder / "victim.wav";
    write_audio(victim, as_channels(sine(300.0, 60.0, 48000.0), 2), 2, 48000, SampleFormat::pcm16);
    deck.ask(stage.osc, at::subscribe);
    deck.ask(stage.osc, at::deck_cue, {victim.string()});
    const std::int32_t start = LiveDeck::soon(stage.server);
    deck.ask(stage.osc, at::deck_start, {start});
    REQUIRE(stage.ears.wait_until(start + 9600));
    fs::resize_file(victim, 5000);
    REQUIRE(stage.osc.wait_for(at::deck_failed));
    CHECK(deck.ask(stage.osc, at::deck_state).text(0) == "failed");
    CHECK(deck.ask(stage.osc, at::deck_cue, {stage.track()}).is_reply_to(at::deck_cue));
    const std::int32_t again = LiveDeck::soon(stage.server);
    deck.ask(stage.osc, at::deck_start, {again});
    REQUIRE(stage.ears.wait_until(again + 200));
    CHECK(stage.heard(again + 100) == 100);
}

TEST_CASE("a session of every command keeps the audio thread free of allocations, locks and waits") {
    Stage stage{256, 60.0};
    write_audio(stage.folder / "tone.flac", as_channels(sine(220.0, 20.0, 44100.0), 2), 2, 44100, SampleFormat::pcm16);
    const std::string tone = (stage.folder / "tone.flac").string();
    LiveDeck deck{stage.server, stage.folder.path()};
    stage.listen(deck);
    const auto done = [&](const std::string& address, const std::vector<OscValue>& arguments = {}) {
        const auto answer = deck.ask(stage.osc, address, arguments);
        CAPTURE(answer.shown());
        CHECK(answer.is_reply_to(address));
        const std::int64_t until = stage.ears.end_frame().value_or(0) + 2400;
        REQUIRE(stage.ears.wait_until(until));
    };
    done(at::deck_cue, {tone, 1.0, 128.0});
    done(at::deck_start);
    const std::int32_t line = LiveDeck::soon(stage.server, 0.0);
    stage.osc.send(deck.url(), at::tempo_line, {1, line, 0.0, 120.0, line + 200'000, 130.0});
    done(at::deck_seek, {5.0});
    done(at::deck_nudge, {12.5});
    done(at::deck_loop, {5.0, 5.5});
    done(at::deck_loop, {true});
    done(at::deck_loop, {false});
    done(at::deck_hotcue, {1, 3.0});
    done(at::deck_hotcue, {2});
    done(at::deck_hotcue, {1});
    done(at::deck_gain, {0.5F, 0.05});
    done(at::deck_rate, {1.1});
    done(at::deck_bpm, {126.0});
    done(at::deck_follow, {false});
    done(at::deck_follow, {true});
    for (const char* method : {"rubberband", "rubberband:fast", "wsola", "rate"}) {
        done(at::deck_stretch, {std::string{method}});
        REQUIRE(stage.ears.wait_until(stage.ears.end_frame().value_or(0) + 24'000));
    }
    done(at::deck_stem_load, {0, tone, std::string{"tone"}});
    done(at::deck_stem_play, {0, 0.5F, 0.25F, 1, 0.5F});
    done(at::deck_stem_gain, {0, 0.5F});
    done(at::deck_stem_stop, {0});
    done(at::deck_stop);
    done(at::deck_start_beat, {1.0});
    done(at::deck_cue, {stage.track()});
    done(at::deck_start, {OscNil{}, 2.0});
    for (const char* address :
         {at::deck_gain, at::deck_rate, at::deck_bpm, at::deck_follow, at::deck_stretch, at::deck_loop}) {
        CHECK(deck.ask(stage.osc, address).address == address);
    }
    CHECK(deck.ask(stage.osc, at::deck_start, {std::string{"now"}}).is_error_of(at::deck_start));
    CHECK(deck.ask(stage.osc, at::deck_gain, {9.0F}).is_error_of(at::deck_gain));
    CHECK(deck.ask(stage.osc, at::deck_stem_play, {7}).is_error_of(at::deck_stem_play));
    done(at::deck_eject);
    CHECK(deck.ask(stage.osc, at::deck_state).text(0) == "empty");
    CHECK(deck.process().terminate() == 0);
    CAPTURE(deck.process().whole_output());
    CHECK(late_page_faults(deck.process()) < 20);
}
