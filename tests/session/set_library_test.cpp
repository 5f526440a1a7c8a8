// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/error.hpp"
#include "session/play_session.hpp"
#include "session/session_paths.hpp"
#include "session/setlist/choice.hpp"
#include "session/setlist/handover.hpp"
#include "session/setlist/harmony.hpp"
#include "session/setlist/played.hpp"
#include "session/setlist/set_library.hpp"
#include "session/setlist/track_list.hpp"
#include "session/setlist/track_section.hpp"
#include "tests/support/surroundings.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cmath>
#include <fstream>
#include <iterator>

using namespace crowdjack;
namespace fs = std::filesystem;

namespace {

std::vector<Section> unknown_tracks(std::size_t count) {
    std::vector<Section> sections(count);
    for (std::size_t i = 0; i < count; ++i) {
        sections[i].path = sections[i].part_file = "/music/" + std::to_string(i) + ".wav";
    }
    return sections;
}

void become_known(Section& section, double bpm, const std::string& key) {
    section.bpm = section.target_bpm = bpm;
    section.begin_s = 100.0;
    section.end_s = 120.0;
    section.key = key;
}

/// Draws all of a set whose tracks become known as late as it can be, or all at once.
std::vector<std::size_t> drawn(bool late, std::uint64_t seed) {
    std::vector<Section> sections = unknown_tracks(40);
    TrackChooser::Settings settings;
    settings.seed = seed;
    settings.as_known = true;
    TrackChooser chooser{sections, settings};
    std::size_t known = 0;
    const auto know_one = [&] {
        const std::size_t track = chooser.order()[known++];
        become_known(sections[track], 100.0 + static_cast<double>(track), "Am");
        chooser.known(track);
    };
    std::vector<std::size_t> result;
    for (int pick = 0; pick < 40; ++pick) {
        while (known < sections.size() && (chooser.waits() || !late)) {
            know_one();
        }
        result.push_back(*chooser.next(pick % 3 == 0 ? Trend::rising : Trend::steady));
    }
    return result;
}

}  // namespace

TEST_CASE("the same seed draws the same set however fast its tracks become known") {
    CHECK(drawn(true, 7) == drawn(false, 7));
    CHECK(drawn(true, 7) != drawn(true, 8));
}

TEST_CASE("with --harmonic the next track's key goes with the one before while there is one that does") {
    std::vector<Section> sections = unknown_tracks(12);
    const std::vector<std::string> keys{"Am", "Em", "C", "F#", "Ebm", "Bbm", "Dm", "G#", "B", "C#m", "G", "Am"};
    for (std::size_t i = 0; i < sections.size(); ++i) {
        become_known(sections[i], 120.0, keys[i]);
    }
    TrackChooser::Settings settings;
    settings.harmonic = true;
    TrackChooser chooser{sections, settings};
    std::vector<bool> played(sections.size(), false);
    auto last = *chooser.next(Trend::steady);
    played[last] = true;
    for (std::size_t pick = 1; pick < sections.size(); ++pick) {
        bool possible = false;
        for (std::size_t i = 0; i < sections.size(); ++i) {
            possible = possible || (!played[i] && keys_go_together(keys[last], keys[i]));
        }
        const auto next = chooser.next(Trend::steady);
        REQUIRE(next);
        CHECK(keys_go_together(keys[last], keys[*next]) == possible);
        last = *next;
        played[last] = true;
    }
}

TEST_CASE("keys go together on the wheel: the same, its neighbours, the relative") {
    CHECK(keys_go_together("Am", "8A"));
    CHECK(keys_go_together("Am", "Em"));
    CHECK(keys_go_together("Am", "Dm"));
    CHECK(keys_go_together("Am", "C"));
    CHECK(keys_go_together("C", "Am"));
    CHECK(keys_go_together("Eb", "Cm"));
    CHECK_FALSE(keys_go_together("Am", "A"));
    CHECK_FALSE(keys_go_together("Am", "F#m"));
    CHECK_FALSE(keys_go_together("Am", ""));
}

TEST_CASE("playlists are read as players write them") {
    CHECK(parse_m3u("\xef\xbb\xbf#EXTM3U\r\n#EXTINF:1,x\r\na b.mp3\r\n\r\nfile:///m/c%20d.flac\r\nsub/e.ogg  ") ==
          std::vector<std::string>{"a b.mp3", "/m/c d.flac", "sub/e.ogg"});
    CHECK(parse_xspf(R"(<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList>
        <track><location>file:///m/%C3%BC.mp3</location></track><track><title>none</title></track>
        <track><location>rel%20ative.wav</location></track></trackList></playlist>)",
                     "x.xspf") == std::vector<std::string>{"/m/\xc3\xbc.mp3", "rel ative.wav"});
}

TEST_CASE("a playlist's tracks are found beside it, and what is not there is named") {
    const test::TemporaryFolder folder;
    fs::create_directories(folder / "sub");
    std::ofstream{folder / "sub/one.mp3"} << "x";
    std::ofstream{folder / "100% two.wav"} << "x";
    std::ofstream{folder / "list.m3u8"} << "sub\\one.mp3\n100% two.wav\nmissing.flac\nhttp://radio/stream\n";
    std::vector<std::string> passed_over;
    const auto files = list_tracks(folder / "list.m3u8", passed_over);
    REQUIRE(files.size() == 2);
    CHECK(files[0] == folder / "sub/one.mp3");
    CHECK(files[1] == folder / "100% two.wav");
    REQUIRE(passed_over.size() == 2);
    CHECK(passed_over[0].find("missing.flac") != std::string::npos);
}

TEST_CASE("the parts of an export are called by their tags, in logs and status") {
    const test::TemporaryFolder folder;
    const auto chunk = [](const std::string& name, const std::string& body) {
        std::string size;
        for (unsigned shift = 0; shift < 32; shift += 8) {
            size += static_cast<char>(body.size() >> shift & 0xFFU);
        }
        return name + size + body;
    };
    using namespace std::string_literals;
    const std::string format = "\1\0\1\0\x44\xAC\0\0\x88\x58\1\0\2\0\x10\0"s;
    const std::string info = "INFO"s + chunk("INAM", "Hello\0"s) + chunk("IART", "Band\0\0"s);
    std::ofstream{folder / "part.wav", std::ios::binary} << chunk(
        "RIFF", "WAVE" + chunk("fmt ", format) + chunk("LIST", info) + chunk("data", std::string(88200, '\0')));
    std::ofstream{folder / "sections.csv"} << "path,part_file,begin_cue_adj,end_cue_adj,bpm\n"
                                           << "/gone/track.wav," << (folder / "part.wav").string() << ",8,12,120\n"
                                           << "/gone/other.wav,/gone/part.wav,8,12,120\n";
    const SetLibrary library{folder / "sections.csv"};
    REQUIRE(library.sections().size() == 2);
    CHECK(library.sections()[0].name() == "Band - Hello");
    CHECK(library.sections()[1].name() == "other");
}

TEST_CASE("a sound file or a pipe in the place of a list is refused in words, and never waited for") {
    const test::TemporaryFolder folder;
    std::vector<std::string> passed_over;
    std::ofstream{folder / "part.wav", std::ios::binary} << "RIFF" << std::string(1'000'000, '\0');
    fs::copy(folder / "part.wav", folder / "part.m3u");
    REQUIRE(::mkfifo((folder / "pipe.csv").c_str(), 0600) == 0);
    CHECK_THROWS_WITH_AS((void)read_sections(folder / "part.wav", &passed_over), doctest::Contains("this is no text"),
                         Failure);
    CHECK_THROWS_WITH_AS((void)list_tracks(folder / "part.m3u", passed_over), doctest::Contains("this is no text"),
                         Failure);
    CHECK_THROWS_WITH_AS((void)read_sections(folder / "pipe.csv", &passed_over),
                         doctest::Contains("not a regular file"), Failure);
}

TEST_CASE("a whole track starts on its first downbeat and hands over where its outro begins") {
    const test::TemporaryFolder folder;
    const fs::path json = folder / "t.json";
    std::ofstream out{json};
    out << R"({"path": "/m/t.wav", "bpm": 120.0, "beats": [)";
    for (int i = 0; i < 256; ++i) {
        out << (i > 0 ? "," : "") << 0.25 + i * 0.5;
    }
    out << R"(], "downbeats": [0.25, 2.25], "beat_positions": [1,2,3,4], "segments": [
        {"start": 0.25, "end": 16.25, "label": "intro"}, {"start": 16.25, "end": 112.25, "label": "chorus"},
        {"start": 112.25, "end": 128.25, "label": "outro"}],
        "key": "Am", "title": "T", "artist": "A", "duration_s": 130.0, "loudness_lufs": -9.5,
        "bpm_confidence": 0.9, "constant_tempo": true, "analyser": "x"})";
    out.close();
    const auto section = section_of_track(json, "/m/t.wav", 0.0);
    REQUIRE(section);
    CHECK_FALSE(section->by_time);
    CHECK(section->start_s == doctest::Approx(0.25));
    CHECK(section->begin_s == doctest::Approx(112.0));
    CHECK(std::fmod(section->end_s, 2.0) == doctest::Approx(0.0).epsilon(0.001));
    CHECK(section->name() == "A - T");
    CHECK(section->lufs == doctest::Approx(-9.5));
    CHECK_FALSE(section_of_track(json, "/m/other.wav", 0.0));
}

TEST_CASE("a track without a beat is played whole and faded plainly") {
    const test::TemporaryFolder folder;
    const fs::path json = folder / "talk.json";
    std::ofstream{json} << R"({"path": "/m/talk.mp3", "bpm": null, "beats": [], "downbeats": [], "beat_positions": [],
        "segments": [{"start": 0, "end": 60, "label": "inst"}], "duration_s": 60.0, "bpm_confidence": 0.0,
        "constant_tempo": false, "analyser": "x"})";
    const auto section = section_of_track(json, "/m/talk.mp3", 0.0);
    REQUIRE(section);
    CHECK(section->by_time);
    CHECK(section->start_s == 0.0);
    CHECK(section->end_s == doctest::Approx(60.0));
    CHECK(section->begin_s == doctest::Approx(52.0));
    CHECK(handover_ramps(true).size() == 2);
    const StripSetting middle = handover_setting(Side::incoming, 0.5, true);
    CHECK(middle.low == 50.0F);
    CHECK(middle.fader == doctest::Approx(2.0 / 3.0));
}

TEST_CASE("what was played is written with title, artist and the time by the clock; an older log goes on as it began") {
    const test::TemporaryFolder folder;
    PlayedTrack track;
    track.deck = 'A';
    track.end = "handed over";
    Section section;
    section.path = section.part_file = "/m/x.wav";
    section.title = "Größe, 1";
    section.artist = "Künstler";
    {
        PlayedLog log{folder / "new.csv"};
        log.add(track, section, 1'795'000'000);
    }
    const std::string fresh = test::text_of(folder / "new.csv");
    CHECK(fresh.find("end,clock,artist,title,key,way\n") != std::string::npos);
    CHECK(fresh.find(",handed over,2026-") != std::string::npos);
    CHECK(fresh.find(",Künstler,\"Größe, 1\",,in time\n") != std::string::npos);
    std::ofstream{folder / "old.csv"} << "deck,path,part_file,start_frame,end_frame,start_beat,tempo_bpm,late_frames,"
                                         "lufs,trim_db,trend,movement,end\n";
    {
        PlayedLog log{folder / "old.csv"};
        log.add(track, section, 1'795'000'000);
    }
    const std::string old = test::text_of(folder / "old.csv");
    CHECK(old.ends_with(",handed over\n"));
}

TEST_CASE("the session that play makes is a session file without a mistake, whatever the folder is called") {
    PlaySession play;
    play.driver = "dummy";
    play.rate = "48000";
    play.period = "1024";
    play.music = {"/music/\"quoted\" \\ Größe 🎵", "/more"};
    play.record = "/tmp/set.wav";
    std::vector<SessionProblem> problems;
    const SessionFile session = parse_session(play_session_text(play), "/x/play.toml", problems);
    for (const SessionProblem& problem : problems) {
        CHECK_MESSAGE(false, problem.what);
    }
    CHECK(session.clients.size() == 5);
    CHECK(session.music == play.music);
    CHECK(session.jack.period == 1024);
}

TEST_CASE("paths in a session file are relative to that file, and [music] dirs reach every client that plays") {
    const test::TemporaryFolder folder;
    fs::create_directories(folder / "music");
    std::ofstream{folder / "dance.csv"} << "x";
    std::vector<SessionProblem> problems;
    SessionFile session = parse_session(R"(
[music]
dirs = ["music", "/far"]
[[client]]
name = "deck-A"
run = ["crowdjack-deck", "--name", "A"]
[[client]]
name = "bpm-follower"
run = ["crowdjack-bpm-follower", "--replay", "dance.csv"]
[[client]]
name = "mixer-bus"
run = ["crowdjack-mixer-bus", "--record=set.wav"]
)",
                                        folder / "set.toml", problems);
    REQUIRE(problems.empty());
    resolve_session_paths(session);
    CHECK(session.clients[0].run == std::vector<std::string>{"crowdjack-deck", "--name", "A", "--music-dir",
                                                             (folder / "music").string(), "--music-dir", "/far"});
    CHECK(session.clients[1].run.back() == (folder / "dance.csv").string());
    CHECK(session.clients[2].run[1] == "--record=" + (folder / "set.wav").string());
}
