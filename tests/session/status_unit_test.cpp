// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/error.hpp"
#include "common/printable.hpp"
#include "session/setlist/played.hpp"
#include "session/status/budget.hpp"
#include "session/status/health_check.hpp"
#include "session/status/snapshot.hpp"
#include "session/status/watch_layout.hpp"
#include "session/tune/report.hpp"
#include "session/tune/stage.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <toml++/toml.h>

#include <algorithm>

using namespace crowdjack;

namespace {

/// A suite in the middle of a set: two decks, a mixer that records, a follower, a session that misses a connection.
SuiteSnapshot busy_suite() {
    SuiteSnapshot suite;
    suite.server = "default";
    suite.clients = {
        {"deck-A", "deck", "deck-A", "osc.udp://127.0.0.1:4001/", 11, true, false, false, 0.1, 0.3},
        {"deck-B", "deck", "deck-B", "osc.udp://127.0.0.1:4002/", 12, false, true, false, {}, {}},
        {"mixer-bus", "mixer-bus", "mixer-bus", "osc.udp://127.0.0.1:4003/", 13, true, false, true, 0.5, 0.9}};
    suite.decks["deck-A"] = {"playing",
                             "/music/Äther, \"live\".wav",
                             96000,
                             61.5,
                             247.0,
                             1.0417,
                             120.0,
                             "rubberband",
                             {{"xruns", "0"}, {"starved_frames", "128"}, {"budget_us", "5333"}}};
    suite.mixer.emplace();
    for (const char* name : {"A", "B", "C", "D", "mic"}) {
        suite.mixer->state.emplace_back(std::string{name} + ".gain", "1");
        suite.mixer->channels.push_back({name, {-3.0, -3.5}, {-12.0, -12.5}, 0});
    }
    suite.mixer->channels.push_back({"master", {-1.0, -1.0}, {-10.0, -10.0}, 2});
    suite.mixer->lufs = -13.7;
    suite.mixer->readers = {{"recorder", "recording", 480000.0, 0.0, 0.0, 64.0}, {"streamer", "idle", 0, 0, 0, 0}};
    suite.tempo = {121.5, 125.0, 63.25, 0.31, "follow", 7};
    suite.patch = {true,
                   48000.0,
                   256.0,
                   false,
                   6,
                   5,
                   {"deck-B:out_l -> mixer-bus:B_l"},
                   {},
                   {{"deck-A", "ready"}, {"deck-B", "starting"}},
                   {{"deck-A", 1}, {"deck-B", 3}},
                   false,
                   false,
                   ""};
    return suite;
}

std::string text_of(const std::vector<Row>& rows) {
    std::string text;
    for (const Row& row : rows) {
        for (const Piece& piece : row) {
            text += piece.text;
        }
        text += '\n';
    }
    return text;
}

TuneResult clean(std::uint32_t period, double load) {
    TuneResult result;
    result.period = period;
    result.budget_us = period / 0.048;
    result.worst_us = load * result.budget_us;
    result.dsp_load = load;
    return result;
}

}  // namespace

TEST_CASE("the JSON document is whole and its keys are the documented ones, whatever a file is called") {
    SuiteSnapshot suite = busy_suite();
    suite.decks["deck-A"].path = "/music/\xFF\xFE broken.wav";
    const auto document = nlohmann::json::parse(status_json(suite));
    for (const char* key : {"server", "clients", "tempo", "decks", "mixer", "session", "setlist"}) {
        CHECK(document.contains(key));
    }
    CHECK(document["decks"][0]["name"] == "deck-A");
    CHECK(document["decks"][0]["position_s"] == 61.5);
    CHECK(document["decks"][0]["health"]["starved_frames"] == 128.0);
    CHECK(document["tempo"]["bpm"] == 121.5);
    CHECK(document["mixer"]["channels"][5]["clips"] == 2);
    CHECK(document["mixer"]["tap"][0]["state"] == "recording");
    CHECK(document["session"]["missing"][0] == "deck-B:out_l -> mixer-bus:B_l");
    CHECK(document["session"]["clients"]["deck-B"]["starts"] == 3);
    CHECK(document["setlist"].is_null());
    const auto nobody = nlohmann::json::parse(status_json(SuiteSnapshot{}));
    CHECK(nobody["mixer"].is_null());
    CHECK(nobody["decks"].empty());
}

TEST_CASE("the table names what is wrong: a hung client, one near its budget, a missing connection, restarts") {
    const std::string table = status_table(busy_suite());
    for (const char* needed :
         {"deck-B  hangs", "mixer-bus  near its budget", "5 of 6 connections, incomplete",
          "missing deck-B:out_l -> mixer-bus:B_l", "deck-B starting, started 3 times", "starved 128",
          "121.50 BPM, target 125.00", "recorder recording, 480000 frames, lost 0"}) {
        CHECK_MESSAGE(table.find(needed) != std::string::npos, needed << " is not in\n" << table);
    }
    CHECK(status_table(SuiteSnapshot{}).find("no client of crowdjack runs") != std::string::npos);
}

TEST_CASE("who listens to the stream is counted in the table once the server says it") {
    SuiteSnapshot suite = busy_suite();
    suite.mixer->readers = {{"streamer", "streaming", 480000.0, 0.0, 0.0, 64.0}};
    CHECK(status_table(suite).find("listeners") == std::string::npos);
    suite.mixer->state.emplace_back("listeners", "12");
    CHECK(status_table(suite).find("streamer streaming, 480000 frames, lost 0, listeners 12") != std::string::npos);
}

TEST_CASE("no name or path brings control bytes to a terminal: table, document and live view") {
    SuiteSnapshot suite = busy_suite();
    suite.decks["deck-A"].path = "/music/\x1b]0;you\x07\xc2\x9b"
                                 "31m\x7f.wav";
    suite.clients[1].name = "deck-\x1b[2J";
    suite.setlist = {{"current_part", "\x1b[31m"}};
    const auto harmless = [](const std::string& text) {
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t length = shown_length(std::string_view{text}.substr(at));
            if (length == 0 && text[at] != '\n') {
                return false;
            }
            at += std::max<std::size_t>(length, 1);
        }
        return true;
    };
    CHECK(harmless(status_table(suite)));
    CHECK(harmless(status_json(suite)));
    CHECK(nlohmann::json::parse(status_json(suite))["decks"][0]["path"] == suite.decks["deck-A"].path);
    for (const Row& row : watch_rows(suite, {}, 120, 40)) {
        for (const Piece& piece : row) {
            CHECK(harmless(piece.text));
        }
    }
}

TEST_CASE("status --check: well, degraded with the worst of it named, down") {
    using Level = HealthVerdict::Level;
    CHECK(health_verdict(SuiteSnapshot{}).level == Level::down);
    SuiteSnapshot suite = busy_suite();
    CHECK(health_verdict(suite).level == Level::down);  // nobody there to mend anything
    suite.clients.push_back(
        {"session", "session", "session", "osc.udp://127.0.0.1:57120/", 14, true, false, false, {}, {}});
    const auto busy = health_verdict(suite);
    CHECK(busy.level == Level::degraded);
    CHECK(busy.why == "deck-B hangs: its audio thread stands still (and 2 more: see crowdjack-session status)");
    suite.clients[1].answers = true;
    suite.clients[1].hangs = false;
    suite.patch->complete = true;
    suite.patch->phases["deck-B"] = "ready";
    CHECK(health_verdict(suite).level == Level::well);
    for (const auto& [phase, word] : {std::pair{"failing", "keeps ending"}, std::pair{"ended", "has ended"}}) {
        suite.patch->phases["deck-B"] = phase;
        CHECK(health_verdict(suite).level == Level::degraded);
        CHECK(health_verdict(suite).why.find(word) != std::string::npos);
    }
    suite.patch->phases["deck-B"] = "ready";
    suite.patch->running = false;
    CHECK(health_verdict(suite).why.find("JACK server is away") != std::string::npos);
    suite.patch->running = true;
    suite.patch->silent = true;
    CHECK(health_verdict(suite).level == Level::degraded);
    suite.clients.back().answers = false;
    CHECK(health_verdict(suite).level == Level::down);
}

TEST_CASE("the live view fills any terminal exactly and keeps its help line") {
    for (const int width : {20, 40, 80, 81, 133, 300}) {
        for (const int height : {1, 2, 5, 24, 50}) {
            const auto rows = watch_rows(busy_suite(), {}, width, height);
            CHECK(rows.size() == static_cast<std::size_t>(height));
            CHECK(std::all_of(rows.begin(), rows.end(), [width](const Row& row) { return row_width(row) <= width; }));
            CHECK(row_width(rows.back()) == width);
        }
    }
}

TEST_CASE("at 80 by 24 everything that matters is on the screen") {
    const std::string screen = text_of(watch_rows(busy_suite(), {1, "mixer-bus: /mixer/record/start done"}, 80, 24));
    for (const char* needed : {"deck-A",
                               "playing",
                               "Äther, \"live\".wav",
                               "1:01",
                               "-2:58",
                               "starved 128",
                               "121.50 BPM",
                               "125.0",
                               "movement 31.0 %",
                               "▶deck-B",
                               "no answer",
                               "master",
                               "-13.7 LUFS",
                               "clip 2",
                               "recorder recording 0:10",
                               "5 of 6 connections",
                               "deck-B hangs",
                               "mixer-bus nears its budget",
                               "/mixer/record/start done",
                               "q quit"}) {
        CHECK_MESSAGE(screen.find(needed) != std::string::npos, needed << " is not in\n" << screen);
    }
}

TEST_CASE("a bar is as wide as it is asked to be and grows by eighths") {
    CHECK(bar_text(0.0, 4) == "····");
    CHECK(bar_text(1.0, 4) == "████");
    CHECK(bar_text(0.5, 4) == "██··");
    CHECK(bar_text(0.53125, 4) == "██▏·");
    CHECK(bar_text(7.0, 2) == "██");
    CHECK(bar_text(std::nan(""), 2) == "··");
}

TEST_CASE("a budget warning comes when callbacks get slow, not for a slow start, and not every second") {
    BudgetWatch watch;
    CHECK_FALSE(watch.look("deck-A", {0.1, 0.95}, 0.0));
    CHECK_FALSE(watch.look("deck-A", {0.1, 0.95}, 5.0));
    CHECK(watch.look("deck-A", {0.1, 1.2}, 10.0));
    CHECK_FALSE(watch.look("deck-A", {0.1, 1.5}, 15.0));
    CHECK(watch.look("deck-A", {0.1, 1.6}, 71.0));
    CHECK(watch.look("mixer-bus", {0.6, 0.65}, 0.0));
    CHECK_FALSE(watch.look("deck-B", {0.2, 0.3}, 0.0));
    CHECK_FALSE(watch.look("deck-B", {0.2, 0.6}, 5.0));
}

TEST_CASE("the smallest size is recommended that lost nothing, nor did any larger one") {
    std::vector<TuneResult> results{clean(64, 0.5), clean(128, 0.3), clean(256, 0.2), clean(512, 0.1)};
    CHECK(recommended_period(results) == 64);
    results[0].lost_frames = 64;
    CHECK(recommended_period(results) == 128);
    results[1].dsp_load = 0.9;
    CHECK(recommended_period(results) == 256);
    results[2].failure = "the driver refused 256 frames";
    CHECK(recommended_period(results) == 512);
    results[3].starved_frames = 1;
    CHECK_FALSE(recommended_period(results));
    CHECK(tune_table(results, 48000.0).find("the driver refused 256 frames") != std::string::npos);
    CHECK(tune_table(results, 48000.0).find("No size ran without losses") != std::string::npos);
    CHECK(tune_table({clean(128, 0.3)}, 48000.0).find("Recommended: 128 frames (2.7 ms)") != std::string::npos);
}

TEST_CASE("a session is tuned as the user wrote it, but for its ports, its server and what the decks may open") {
    const std::string text = R"([jack]
server = "club"
driver = "alsa"
device = "hw:1"
rate = 96000
[osc]
ports = [57120]
[[client]]
name = "deck-A"
run = ["crowdjack-deck", "--name", "A", "--stretch", "wsola"]
[[client]]
name = "tempo"
run = ["/opt/bin/crowdjack-bpm-follower", "--eq"]
[patch]
connect = ["deck-A:out_* -> mixer-bus:A_*"]
)";
    const toml::table kept = toml::parse(private_session(text, "club.toml", "/tmp/stage", std::nullopt));
    CHECK_FALSE(kept["jack"]["server"]);
    CHECK(kept["jack"]["driver"] == "alsa");
    CHECK(kept["jack"]["device"] == "hw:1");
    CHECK(kept["jack"]["rate"] == 96000);
    CHECK(kept["osc"]["ports"][0] == 0);
    CHECK(kept["client"][0]["run"][4] == "wsola");
    CHECK(kept["client"][0]["run"][5] == "--music-dir");
    CHECK(kept["client"][1]["run"][2] == "--osc-port");
    CHECK(kept["patch"]["connect"][0] == "deck-A:out_* -> mixer-bus:A_*");
    const toml::table dummy = toml::parse(private_session(text, "club.toml", "/tmp/stage", "dummy"));
    CHECK(dummy["jack"]["driver"] == "dummy");
    CHECK_FALSE(dummy["jack"]["device"]);
    CHECK_THROWS_WITH_AS(static_cast<void>(private_session("[jack\n", "club.toml", "/tmp", {})),
                         doctest::Contains("club.toml:1:"), UsageError);
}

TEST_CASE("a line of the log of played tracks holds what its header promises") {
    PlayedTrack track;
    track.deck = 'B';
    track.start_frame = JackFrame{(1LL << 32) + 1000};  // the clock wrapped
    track.end_frame = JackFrame{(1LL << 32) + 97000};
    track.start_beat = 128.0;
    track.bpm = 121.5;
    track.lufs = -9.25;
    track.trim = 0.5F;
    track.trend = Trend::rising;
    track.movement = 0.25;
    track.end = "handed over";
    Section section;
    section.path = "/music/a, b.wav";
    section.part_file = "/parts/a.wav";
    section.artist = "Ann, Bob";
    section.title = "One";
    section.key = "Am";
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    CHECK(PlayedLog::line(track, section, 86'399) ==
          "B,\"/music/a, b.wav\",/parts/a.wav,1000,97000,128.000000,121.500,0,-9.25,-6.02,rising,0.2500,handed over,"
          "1970-01-01T23:59:59+0000,\"Ann, Bob\",One,Am,in time");
    const std::string header = PlayedLog::header();
    CHECK(std::count(header.begin(), header.end(), ',') == 17);
}
