// SPDX-License-Identifier: GPL-3.0-or-later
// What plays, as those outside read it: at a real icecast2, in the recording's cue sheet, at the mixer.
#include "common/protocol/description.hpp"
#include "tests/mixer-bus/icecast.hpp"
#include "tests/mixer-bus/mixer_fixture.hpp"
#include "tests/session/session_room.hpp"
#include "tests/session/setlist_world.hpp"

#include <doctest/doctest.h>
#include <taglib/fileref.h>
#include <taglib/tag.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

using namespace crowdjack;
using namespace crowdjack::test;
using protocol::filled;
using std::string;
namespace fs = std::filesystem;

namespace {

void write_tags(const fs::path& file, const string& artist, const string& title) {
    TagLib::FileRef reference{file.c_str(), false};
    reference.tag()->setArtist(TagLib::String{artist, TagLib::String::UTF8});
    reference.tag()->setTitle(TagLib::String{title, TagLib::String::UTF8});
    REQUIRE(reference.save());
}

/// Three tracks of noise, which fills an encoder's pages: two with tags, one that has only its name.
void add_tracks(SetlistWorld& world) {
    const std::vector<std::pair<string, string>> tags{{"Erste Künstlerin", "First & \"Best\""}, {"Zweiter", "Second"}};
    for (std::size_t i = 0; i < 3; ++i) {
        const fs::path track = world.folder / (i == 2 ? "Third by its name.wav" : "part" + std::to_string(i) + ".wav");
        write_audio(track, as_channels(noise(48000 * 11, static_cast<unsigned>(i) + 1), 2), 2, 48000);
        if (i < tags.size()) {
            write_tags(track, tags[i].first, tags[i].second);
        }
        world.add_section(track.string(), 120.0, 8.0, 10.0);
    }
}

}  // namespace

TEST_CASE("listeners read artist and title within two seconds of each hand-over, and after a reconnection") {
    if (!Icecast::possible()) {
        MESSAGE("skipped: no icecast2 here, or no user namespace to run it in");
        return;
    }
    int port = 8750;
    for (const string format : {"vorbis", "opus", "mp3"}) {
        CAPTURE(format);
        SetlistWorld world{{.follower = false, .capture_s = 1.0}};
        add_tracks(world);
        Icecast icecast{world.folder.path(), ++port, "hackme"};
        icecast.start();
        const string mixer = world.url("mixer-bus");
        REQUIRE(world.osc.request(mixer, at::subscribe));
        const auto started = world.osc.request(mixer, at::mixer_stream_start, {icecast.url("set"), format});
        REQUIRE(started->is_reply_to(at::mixer_stream_start));
        REQUIRE(world.osc.request(mixer, at::mixer_record_start, {(world.folder / "night.wav").string()})
                    ->is_reply_to(at::mixer_record_start));
        Process& setlist = world.start_setlist({"--in-order", "--cue-ahead", "4"});
        REQUIRE(setlist.wait_for_line("started deck=A"));
        const double first = icecast.seconds_until_title("set", format, "First & ");
        CHECK(icecast.seconds_until_title("set", format, "Erste Künstlerin") < 0.5);
        // The server goes away under the second track, and is told its title again when it is back.
        REQUIRE(setlist.wait_for_line("started deck=B"));
        const double second = icecast.seconds_until_title("set", format, "Second");
        icecast.kill_hard();
        REQUIRE(world.osc.wait_for(at::mixer_stream_lost));
        const std::size_t mark = world.osc.count();
        icecast.start();
        REQUIRE(world.osc.wait_for(at::mixer_stream_connected, mark));
        const double again = icecast.seconds_until_title("set", format, "Second");
        REQUIRE(setlist.wait_for_line("started deck=C"));
        const double third = icecast.seconds_until_title("set", format, "Third by its name");
        MESSAGE(format, ": titles after ", first, ", ", second, ", after the reconnection ", again, ", ", third, " s");
        for (const double seconds : {first, second, again, third}) {
            CHECK(seconds < 2.5);  // two, and what asking takes
        }
        REQUIRE(world.osc.request(world.url("setlist"), at::setlist_stop));
        CHECK(setlist.wait() == 0);
        REQUIRE(world.osc.request(mixer, at::mixer_record_stop));
        const string sheet = text_of(world.folder / "night.cue");
        INFO(sheet);
        CHECK(sheet.find("TITLE \"First & 'Best'\"\n    PERFORMER \"Erste Künstlerin\"") != string::npos);
        CHECK(sheet.find("TITLE \"Second\"\n    PERFORMER \"Zweiter\"") != string::npos);
        CHECK(sheet.find("TITLE \"Third by its name\"") != string::npos);
        CHECK(sheet.find("TRACK 04") == string::npos);
    }
}

TEST_CASE("a track that is cued by hand through the door is named when it starts, by its tags or else its file") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    const string mixer = wait_for_client("test", "mixer-bus");
    const fs::path home{std::getenv("HOME")};  // where a mixer without --music-dir may record
    const string tagged = (room.folder / "tagged.wav").string();
    write_audio(tagged, as_channels(sine(440.0, 20.0, 48000.0, 0.25), 2), 2, 48000);
    write_tags(tagged, "Some Crew", "Long Night");
    const string plain = (room.folder / "Only - a name.wav").string();
    write_audio(plain, as_channels(sine(550.0, 20.0, 48000.0, 0.25), 2), 2, 48000);
    const auto playing = [&](const string& deck, const string& artist, const string& title) {
        return eventually([&] {
            const auto now = room.osc.request(wait_for_client("test", "mixer-bus"), at::mixer_nowplaying);
            return now && now->text(0) == deck && now->text(1) == artist && now->text(2) == title;
        });
    };
    REQUIRE(room.osc.request(mixer, at::mixer_record_start, {(home / "hand.wav").string()})
                ->is_reply_to(at::mixer_record_start));
    // crowdstream's way.
    REQUIRE(room.ask(at::cue, {string{"A"}, tagged})->is_reply_to(at::cue));
    CHECK(room.osc.request(mixer, at::mixer_nowplaying)->text(2).empty());  // what is only cued does not play
    REQUIRE(room.ask(at::start_group, {0.05F, string{"A"}}));
    CHECK(playing("A", "Some Crew", "Long Night"));
    // The deck's own, through the door.
    REQUIRE(room.ask(filled(at::deck_cue, {"B"}), {plain})->is_reply_to(filled(at::deck_cue, {"B"})));
    const auto start = room.ask(filled(at::deck_start, {"B"}));
    REQUIRE(start);
    CHECK(playing("B", "", "Only - a name"));
    REQUIRE(room.osc.request(mixer, at::mixer_record_stop));
    const string sheet = text_of(home / "hand.cue");
    INFO(sheet);
    CHECK(sheet.find("TITLE \"Long Night\"\n    PERFORMER \"Some Crew\"") != string::npos);
    CHECK(sheet.find("TITLE \"Only - a name\"") != string::npos);
    // Both at once: the first is named.
    REQUIRE(room.ask(at::cue, {string{"A"}, tagged})->is_reply_to(at::cue));
    REQUIRE(room.ask(at::cue, {string{"B"}, plain})->is_reply_to(at::cue));
    REQUIRE(room.ask(at::start_group, {0.2F, string{"B"}, string{"A"}})->is_reply_to(at::start_group));
    CHECK(playing("A", "Some Crew", "Long Night"));
}
