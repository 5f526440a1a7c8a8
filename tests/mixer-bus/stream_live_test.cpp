// SPDX-License-Identifier: GPL-3.0-or-later
// A stream that nobody looks after: titles, station, bitrate, listeners, silence, a card that is away.
#include "tests/mixer-bus/icecast.hpp"
#include "tests/mixer-bus/mixer_room.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <thread>

using namespace crowdjack;
using namespace crowdjack::test;

TEST_CASE("listeners read artist and title within two seconds, also after a reconnection, in each format") {
    if (!Icecast::possible()) {
        MESSAGE("skipped: no icecast2 here, or no user namespace to run it in");
        return;
    }
    int port = 8710;
    for (const std::string format : {"vorbis", "OPUS", "Mp3"}) {
        CAPTURE(format);
        MixerRoom room{{"--stream-name", "Tanzraum", "--stream-genre", "Techno", "--stream-url", "http://example.org/",
                        "--stream-bitrate", "128"}};
        Icecast icecast{room.folder.path(), ++port, "hackme"};
        icecast.start();
        REQUIRE(room.obeys(at::subscribe));
        // The dump is written in blocks of 4 KB: something has to fill them.
        const auto deck = room.player("A", {noise(2880000, 1), noise(2880000, 2)});
        deck->start_at(room.soon());
        REQUIRE(room.obeys(at::mixer_nowplaying, {"A", "Künstler", "Erstes & \"Lied\""}));
        const auto started = room.ask(at::mixer_stream_start, {icecast.url("set"), format});
        REQUIRE_MESSAGE(started.is_reply_to(at::mixer_stream_start), started.shown(), icecast.log());
        const double first = icecast.seconds_until_title("set", format, "Erstes &");
        REQUIRE(room.obeys(at::mixer_nowplaying, {"B", "Artist", "Second"}));
        const double second = icecast.seconds_until_title("set", format, "Second");
        REQUIRE(room.obeys(at::mixer_nowplaying, {"A", "", "only a file's name"}));
        const double third = icecast.seconds_until_title("set", format, "only a file's name");
        MESSAGE(format, ": titles after ", first, ", ", second, " and ", third, " s");
        CHECK(first < 2.5);  // two seconds, and what asking takes
        CHECK(second < 2.5);
        CHECK(third < 2.5);
        const std::string status = icecast.status();
        CHECK((format == "OPUS" || status.find("Artist") == std::string::npos));
        CHECK(status.find("Tanzraum") != std::string::npos);
        CHECK(status.find("Techno") != std::string::npos);
        CHECK(status.find("http://example.org/") != std::string::npos);
        CHECK(status.find("128") != std::string::npos);
        icecast.kill_hard();
        REQUIRE(room.osc.wait_for(at::mixer_stream_lost));
        const std::size_t mark = room.osc.count();
        icecast.start();
        REQUIRE_MESSAGE(room.osc.wait_for(at::mixer_stream_connected, mark), icecast.log());
        CHECK(icecast.seconds_until_title("set", format, "only a file's name") < 2.5);
        REQUIRE(room.obeys(at::mixer_stream_stop));
        CHECK(room.mixer->terminate() == 0);
    }
}

TEST_CASE("a stream has the bitrate asked for, and its listeners are counted") {
    if (!Icecast::possible()) {
        MESSAGE("skipped: no icecast2 here, or no user namespace to run it in");
        return;
    }
    int port = 8720;
    for (const std::string format : {"vorbis", "opus", "mp3"}) {
        CAPTURE(format);
        MixerRoom room{{"--stream-bitrate", "96"}};
        Icecast icecast{room.folder.path(), ++port, "hackme"};
        icecast.start();
        const auto deck = room.player("A", {noise(960000, 1), noise(960000, 2)});
        deck->start_at(room.soon());
        REQUIRE(room.obeys(at::mixer_stream_start, {icecast.url("set"), format}));
        Process listener{{"curl", "-s", "-o", "/dev/null", "http://127.0.0.1:" + std::to_string(port) + "/set"}};
        REQUIRE(room.server.wait_for_frame(room.server.frame() + 48000));
        const auto size_before = std::filesystem::file_size(icecast.dump("set", 1));
        const auto frame_before = room.server.frame();
        REQUIRE(room.server.wait_for_frame(frame_before + 192000));
        const auto bytes = static_cast<double>(std::filesystem::file_size(icecast.dump("set", 1)) - size_before);
        const double kilobits = bytes * 8.0 / 1000.0 / ((room.server.frame() - frame_before) / 48000.0);
        MESSAGE(format, ": ", kilobits, " kbit/s");
        // Noise is the hardest there is, and icecast writes in blocks of 4 KB: 8 kbit/s over 4 s.
        CHECK(kilobits > 70.0);
        CHECK(kilobits < 125.0);
        if (std::system("command -v curl >/dev/null") == 0) {
            CHECK(eventually([&] { return room.ask(at::mixer_state).named("listeners") == 1.0; }));
        }
        CHECK(room.mixer->terminate() == 0);
    }
}

TEST_CASE("silence keeps a stream, and so does a JACK server that is away for longer than the server waits") {
    if (!Icecast::possible()) {
        MESSAGE("skipped: no icecast2 here, or no user namespace to run it in");
        return;
    }
    for (const std::string format : {"vorbis", "opus", "mp3"}) {
        CAPTURE(format);
        MixerRoom room;
        Icecast icecast{room.folder.path(), 8730, "hackme"};  // gives up a source after 5 s
        icecast.start();
        REQUIRE(room.obeys(at::subscribe));
        REQUIRE(room.obeys(at::mixer_stream_start, {icecast.url("set"), format}));
        if (format == "opus") {
            REQUIRE(room.server.wait_for_frame(room.server.frame() + 48000 * 7));
        } else {
            room.server.kill_hard();
            std::this_thread::sleep_for(std::chrono::seconds{7});  // the length of the outage itself
            room.server.restart();
            REQUIRE(room.server.wait_for_port("mixer-bus:master_r"));
            room.url = wait_for_client(room.server.name(), "mixer-bus");
        }
        INFO(room.mixer->output(), icecast.log());
        CHECK(room.osc.received(at::mixer_stream_lost).empty());
        CHECK(room.ask(at::mixer_tap).text(7) == "streaming");
        CHECK(room.mixer->terminate() == 0);
    }
}

TEST_CASE("an address file with a byte order mark and carriage returns is read, one in UTF-16 refused in words") {
    if (!Icecast::possible()) {
        MESSAGE("skipped: no icecast2 here, or no user namespace to run it in");
        return;
    }
    const TemporaryFolder folder;
    Icecast icecast{folder.path(), 8740, "pa/ss%w@rd"};
    icecast.start();
    std::ofstream{folder / "url", std::ios::binary} << "\xEF\xBB\xBF\r\n" << icecast.url("set") << " VORBIS\r\n";
    const MixerRoom room{{"--stream-url-file", (folder / "url").string()}};
    CHECK(room.mixer->wait_for_line("streaming to="));
    std::ofstream{folder / "utf16", std::ios::binary} << "\xFF\xFEi";
    Process refused{{program_path("crowdjack-mixer-bus"), "--stream-url-file", (folder / "utf16").string()}};
    CHECK(refused.wait() == 1);
    CHECK(refused.wait_for_line("save the file as UTF-8"));
}
