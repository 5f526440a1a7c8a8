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
        {at::deck_gain, {0.5F, 0.05}},
        {at::deck_gain, {1.0F}},
        {at::deck_seek, {3.0}},
        {at::deck_nudge, {12.5}},
        {at::deck_hotcue, {1, 2.0}},
        {at::deck_hotcue, {1}},
        {at::deck_loop, {1.0, 1.5}},
        {at::deck_loop, {false}},
        {at::deck_loop, {true}},
        {at::deck_rate, {1.1}},
        {at::deck_rate, {1.0}},
        {at::deck_bpm, {124.0}},
        {at::deck_follow, {false}},
        {at::deck_follow, {true}},
        {at::deck_stretch, {s("rubberband:fast")}},
        {at::deck_seek, {8.0}},
        {at::deck_stretch, {s("wsola")}},
        {at::deck_hotcue, {2, 4.0}},
        {at::deck_stretch, {s("rubberband")}},
        {at::deck_rate, {0.95}},
        {at::deck_stretch, {s("rate")}},
        {at::deck_stem_load, {0, stem, s("drums")}},
        {at::deck_stem_play, {0, 1.0F, 0.5F, 1, 0.1F}},
        {at::deck_stem_gain, {0, 0.25F}},
        {at::deck_stem_stop, {0}},
        {at::deck_stop, {}},
        {at::deck_start, {}},
        {at::deck_cue, {path, 1.0, 126.0}},
        {at::deck_start_beat, {1.0}},
        {at::deck_cue, {path}},
        {at::deck_start, {OscNil{}, 2.0}},
        {at::deck_state, {}},
        {at::deck_health, {}},
    };
}

std::vector<Command> mixer_commands(const std::string& recording) {
    const auto strip = s("A");
    return {
        {at::mixer_gain, {strip, 0.8F, 0.05}},
        {at::mixer_gain, {strip, 1.0F}},
        {at::mixer_trim, {strip, 0.9F, 0.02}},
        {at::mixer_fade, {strip, 0.2F, 0.1}},
        {at::mixer_fade, {strip, 1.0F, 0.1, OscNil{}, s("equal-power")}},
        {at::mixer_eq, {strip, s("low"), 0.0F}},
        {at::mixer_eq, {strip, s("high"), 25.0F}},
        {at::mixer_eq_all, {strip, 50.0F, 50.0F, 50.0F}},
        {at::mixer_filter, {strip, s("mid"), 0.3F}},
        {at::mixer_filter, {strip, s("mid"), 1.0F}},
        {at::mixer_pfl, {strip, true}},
        {at::mixer_phones, {0.7F, 0.5F}},
        {at::mixer_pfl, {strip, false}},
        {at::mixer_mute, {strip, true}},
        {at::mixer_mute, {strip, false}},
        {at::mixer_master, {0.9F, 0.05}},
        {at::mixer_master, {1.0F}},
        {at::mixer_limiter, {true, -1.0F}},
        {at::mixer_limiter, {false}},
        {at::mixer_limiter, {true, 0.0F}},
        {at::mixer_record_start, {recording, 0.5}},
        {at::mixer_meters, {}},
        {at::mixer_tap, {}},
        {at::mixer_record_stop, {}},
        {at::mixer_state, {}},
        {at::mixer_health, {}},
    };
}

std::vector<Command> door_commands(const std::string& path) {
    const auto a = s("A");
    return {
        {at::cue, {a, path, 0.25F}},
        {at::start_group, {0.0, a, s("B")}},
        {at::crossfade_levels, {0.7F, 0.3F}},
        {at::deck_levels, {1.0F, 1.0F}},
        {at::deck_eq, {a, s("low"), 25.0F}},
        {at::deck_eq_all, {a, 50.0F, 50.0F, 50.0F}},
        {at::deck_filter, {a, s("high"), 0.5F}},
        {at::set_tempo, {126.0F}},
        {at::fade, {a, 0.0, 0.1}},
        {at::deck_levels, {1.0F, 1.0F}},
        {at::play, {a, path, 0.0}},
        {at::get_status, {}},
    };
}

void run_all(Stage& stage, const std::string& url, const std::vector<Command>& commands) {
    for (const auto& [address, arguments] : commands) {
        const auto answer = stage.ask(url, address, arguments);
        CHECK_MESSAGE(answer.address != at::error, answer.shown());
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
        stage.done(stage.deck(deck), at::deck_cue, {path, 0.0, 126.0});
    }
    stage.done(stage.front_door(), at::start_group, {0.0, s("A"), s("B")});
    const auto follower = stage.client_url("bpm-follower");
    for (int i = 0; i < 10; ++i) {
        stage.osc().send(follower, at::dance_total_movement, {0.3F});
    }
    run_all(stage, stage.deck("A"), deck_commands(path, stem));
    run_all(stage, stage.mixer(), mixer_commands((stage.folder() / "set.wav").string()));
    run_all(stage, follower,
            {{at::tempo_set, {125.0, 0.5}},
             {at::tempo_nudge, {0.25}},
             {at::tempo_hold, {true}},
             {at::tempo_hold, {false}},
             {at::tempo_tap, {}},
             {at::tempo_tap, {}},
             {at::tempo_state, {}}});
    run_all(stage, stage.front_door(), door_commands(path));
    run_all(stage, stage.deck("A"), {{at::deck_eject, {}}});
    CHECK_MESSAGE(!stage.trap_sprang(), stage.session().output());
    for (const auto* deck : {"A", "B"}) {
        const auto health = stage.done(stage.deck(deck), at::deck_health);
        CHECK_MESSAGE(health.named("starved_frames") == 0.0, health.shown());
    }
    CHECK(stage.session().terminate() == 0);
}
