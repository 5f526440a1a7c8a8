// SPDX-License-Identifier: GPL-3.0-or-later
// A session in which every command of every client is used while both decks sound, with the real-time trap armed: an
// allocation, lock, blocking call or major page fault on an audio thread would end its process with a backtrace.
#include "tests/set/stage.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace crowdjack::test;

namespace {

using Arguments = std::vector<OscValue>;

struct Command {
    std::string address;
    Arguments arguments;
};

std::string s(const char* text) { return text; }

std::vector<Command> deck_commands(const std::string& path, const std::string& stem) {
    return {
        {"/deck/gain", {0.5F, 0.05}},
        {"/deck/gain", {1.0F}},
        {"/deck/seek", {3.0}},
        {"/deck/nudge", {12.5}},
        {"/deck/hotcue", {1, 2.0}},
        {"/deck/hotcue", {1}},
        {"/deck/loop", {1.0, 1.5}},
        {"/deck/loop", {false}},
        {"/deck/loop", {true}},
        {"/deck/rate", {1.1}},
        {"/deck/rate", {1.0}},
        {"/deck/bpm", {124.0}},
        {"/deck/follow", {false}},
        {"/deck/follow", {true}},
        {"/deck/stretch", {s("rubberband:fast")}},
        {"/deck/seek", {8.0}},
        {"/deck/stretch", {s("wsola")}},
        {"/deck/hotcue", {2, 4.0}},
        {"/deck/stretch", {s("rubberband")}},
        {"/deck/rate", {0.95}},
        {"/deck/stretch", {s("rate")}},
        {"/deck/stem/load", {0, stem, s("drums")}},
        {"/deck/stem/play", {0, 1.0F, 0.5F, 1, 0.1F}},
        {"/deck/stem/gain", {0, 0.25F}},
        {"/deck/stem/stop", {0}},
        {"/deck/stop", {}},
        {"/deck/start", {}},
        {"/deck/cue", {path, 1.0, 126.0}},
        {"/deck/start_beat", {1.0}},
        {"/deck/cue", {path}},
        {"/deck/start", {OscNil{}, 2.0}},
        {"/deck/state", {}},
        {"/deck/health", {}},
    };
}

std::vector<Command> mixer_commands(const std::string& recording) {
    const auto strip = s("A");
    return {
        {"/mixer/gain", {strip, 0.8F, 0.05}},
        {"/mixer/gain", {strip, 1.0F}},
        {"/mixer/trim", {strip, 0.9F, 0.02}},
        {"/mixer/fade", {strip, 0.2F, 0.1}},
        {"/mixer/fade", {strip, 1.0F, 0.1, OscNil{}, s("equal-power")}},
        {"/mixer/eq", {strip, s("low"), 0.0F}},
        {"/mixer/eq", {strip, s("high"), 25.0F}},
        {"/mixer/eq_all", {strip, 50.0F, 50.0F, 50.0F}},
        {"/mixer/filter", {strip, s("mid"), 0.3F}},
        {"/mixer/filter", {strip, s("mid"), 1.0F}},
        {"/mixer/pfl", {strip, true}},
        {"/mixer/phones", {0.7F, 0.5F}},
        {"/mixer/pfl", {strip, false}},
        {"/mixer/mute", {strip, true}},
        {"/mixer/mute", {strip, false}},
        {"/mixer/master", {0.9F, 0.05}},
        {"/mixer/master", {1.0F}},
        {"/mixer/limiter", {true, -1.0F}},
        {"/mixer/limiter", {false}},
        {"/mixer/limiter", {true, 0.0F}},
        {"/mixer/record/start", {recording, 0.5}},
        {"/mixer/meters", {}},
        {"/mixer/tap", {}},
        {"/mixer/record/stop", {}},
        {"/mixer/state", {}},
        {"/mixer/health", {}},
    };
}

std::vector<Command> door_commands(const std::string& path) {
    const auto a = s("A");
    return {
        {"/cue", {a, path, 0.25F}},
        {"/start_group", {0.0, a, s("B")}},
        {"/crossfade_levels", {0.7F, 0.3F}},
        {"/deck_levels", {1.0F, 1.0F}},
        {"/deck_eq", {a, s("low"), 25.0F}},
        {"/deck_eq_all", {a, 50.0F, 50.0F, 50.0F}},
        {"/deck_filter", {a, s("high"), 0.5F}},
        {"/set_tempo", {126.0F}},
        {"/fade", {a, 0.0, 0.1}},
        {"/deck_levels", {1.0F, 1.0F}},
        {"/play", {a, path, 0.0}},
        {"/get_status", {}},
    };
}

void run_all(Stage& stage, const std::string& url, const std::vector<Command>& commands) {
    for (const auto& [address, arguments] : commands) {
        const auto answer = stage.ask(url, address, arguments);
        CHECK_MESSAGE(answer.address != "/error", answer.shown());
        // Let the audio thread live with it for a while.
        const auto now = *stage.ears().end_frame();
        CHECK(stage.ears().wait_until(now + 2'400));
    }
}

}  // namespace

TEST_CASE(
    "every command while both decks sound: no allocation, lock, blocking call or major fault on an audio thread") {
    Stage stage{{.period = 256, .capture_seconds = 120.0}};
    if (armed().environment.empty()) {
        MESSAGE("skipped: no trap in this build (a sanitizer takes its place)");
        return;
    }
    const auto path = (stage.folder() / "track.wav").string();
    const auto stem = (stage.folder() / "stem.wav").string();
    write_audio(path, as_channels(click_track(126.0, 60.0, 44'100), 2), 2, 44'100, SampleFormat::pcm16);
    write_audio(stem, as_channels(sine(220.0, 20.0, 48'000, 0.1), 2), 2, 48'000, SampleFormat::pcm24);
    for (const auto* deck : {"A", "B"}) {
        stage.done(stage.deck(deck), "/deck/cue", {path, 0.0, 126.0});
    }
    stage.done(stage.front_door(), "/start_group", {0.0, s("A"), s("B")});
    const auto follower = stage.client_url("bpm-follower");
    for (int i = 0; i < 10; ++i) {
        stage.osc().send(follower, "/dance/total_movement", {0.3F});
    }
    run_all(stage, stage.deck("A"), deck_commands(path, stem));
    run_all(stage, stage.mixer(), mixer_commands((stage.folder() / "set.wav").string()));
    run_all(stage, follower,
            {{"/tempo/set", {125.0, 0.5}},
             {"/tempo/nudge", {0.25}},
             {"/tempo/hold", {true}},
             {"/tempo/hold", {false}},
             {"/tempo/tap", {}},
             {"/tempo/tap", {}},
             {"/tempo/state", {}}});
    run_all(stage, stage.front_door(), door_commands(path));
    run_all(stage, stage.deck("A"), {{"/deck/eject", {}}});
    CHECK_MESSAGE(!stage.trap_sprang(), stage.session().output());
    for (const auto* deck : {"A", "B"}) {
        const auto health = stage.done(stage.deck(deck), "/deck/health");
        CHECK_MESSAGE(health.named("starved_frames") == 0.0, health.shown());
    }
    CHECK(stage.session().terminate() == 0);
}
