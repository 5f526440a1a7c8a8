// SPDX-License-Identifier: GPL-3.0-or-later
// Recordings of a running mixer that nobody looks after: stopped by buttons, split, kept, named, on a disk that fills.
#include "tests/mixer-bus/mixer_room.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/undisturbed.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>
#include <sys/mount.h>

#include <cmath>
#include <ctime>
#include <fstream>

using namespace crowdjack;
using namespace crowdjack::test;

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> files_of(const fs::path& folder, const std::string& extension) {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator{folder}) {
        if (entry.path().extension() == extension) {
            found.push_back(entry.path());
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

/// Each sample says its own frame: 24 bits are exact in a float.
JackProbe frame_source(const std::string& server) {
    return {server, "source", 0, 2, [](const JackProbe::Cycle& cycle) {
                for (std::uint32_t i = 0; i < cycle.frames; ++i) {
                    const float sample = static_cast<float>((cycle.frame + i) & 0x7FFFFF) / 8388608.0F;
                    cycle.outputs[0][i] = sample;
                    cycle.outputs[1][i] = sample;
                }
            }};
}

}  // namespace

TEST_CASE("an end that makes no sense is refused, and the recording is whole in every format") {
    for (const std::string name : {"set.wav", "set.rf64", "set.flac", "set.ogg", "set.opus", "set.mp3"}) {
        CAPTURE(name);
        MixerRoom room;
        const auto begun = room.ask(at::mixer_record_start, {name});
        REQUIRE_MESSAGE(begun.is_reply_to(at::mixer_record_start), begun.shown());
        const auto begin = static_cast<std::int64_t>(begun.number(2));
        REQUIRE(room.server.wait_for_frame(static_cast<std::uint32_t>(begin + 48000)));
        CHECK(room.error_code(at::mixer_record_stop, {frame_value(begin - 1)}) == 4);
        CHECK(room.error_code(at::mixer_record_stop, {frame_value(begin)}) == 4);
        CHECK(room.error_code(at::mixer_record_stop, {0}) == 4);
        CHECK(room.obeys(at::mixer_record_stop, {0.0F}));  // a button let go does nothing
        CHECK(room.obeys(at::mixer_record_stop, {false}));
        CHECK(room.ask(at::mixer_tap).text(1) == "recording");
        const auto stopped = room.ask(at::mixer_record_stop, {1.0F});
        REQUIRE(stopped.is_reply_to(at::mixer_record_stop));
        CHECK(stopped.number(2) > 40000.0);  // JACK may have left out cycles
        CHECK(read_audio(room.folder / name).frames() == static_cast<std::int64_t>(stopped.number(2)));
        CHECK(room.obeys(at::mixer_record_stop, {0.0F}));
        CHECK(room.error_code(at::mixer_record_stop, {1.0F}) == 3);
    }
}

TEST_CASE("a file's name that is no UTF-8 is recorded to, and answered as such") {
    MixerRoom room;
    const std::string name = "n\xE4"
                             "chte.wav";
    REQUIRE(room.obeys(at::mixer_record_start, {name}));
    const auto state = registry_of(room.server.name()) / "mixer-bus.running.state";
    CHECK(fs::exists(state));
    REQUIRE(room.obeys(at::mixer_record_stop));
    CHECK(fs::exists(room.folder / name));
    REQUIRE(room.obeys(at::mixer_record_start, {"b\xE4.wav"}));
    room.mixer->kill_hard();
    room.start({"--resume"});
    REQUIRE(eventually([&] { return fs::exists(room.folder / "b\xE4-2.wav"); }));
}

TEST_CASE("a split recording holds each frame of the master once, while it plays") {
    undisturbed([] {
        MixerRoom room{{"--record-split", "1s"}};
        auto source = frame_source(room.server.name());
        source.connect(source.output(0), "mixer-bus:A_l");
        source.connect(source.output(1), "mixer-bus:A_r");
        const auto capture = room.capture();
        REQUIRE(capture->wait_until(room.soon(0.1)));
        REQUIRE(room.obeys(at::subscribe));
        const auto begun = room.ask(at::mixer_record_start, {"part-%Y.wav"});
        REQUIRE_MESSAGE(begun.is_reply_to(at::mixer_record_start), begun.shown());
        const auto begin = static_cast<std::int64_t>(begun.number(2));
        REQUIRE(capture->wait_until(begin + 48000 * 7 / 2));
        REQUIRE(room.obeys(at::mixer_record_stop));
        std::int64_t frame = begin;
        bool in_order = true;
        bool exact = true;
        for (const auto& started : room.osc.received(at::mixer_record_started)) {
            const auto content = read_audio(started.text(0));
            in_order = in_order && static_cast<std::int64_t>(started.number(1)) == frame;
            for (std::int64_t i = 0; i < content.frames(); ++i, ++frame) {
                exact = exact && capture->sample(0, frame) == content.interleaved[static_cast<std::size_t>(2 * i)];
            }
        }
        if (!(in_order && exact) && disturbed(*capture)) {
            return false;
        }
        CHECK(in_order);
        CHECK(exact);
        CHECK(room.osc.received(at::mixer_record_started).size() == 4);
        CHECK(room.osc.received(at::mixer_record_stopped).size() == 4);
        CHECK(frame - begin >= 48000 * 7 / 2);
        return true;
    });
}

TEST_CASE("--record goes on under the next name after a power cut, with and without fields of the time") {
    for (const std::string name : {"night.flac", "night-%Y.flac"}) {
        CAPTURE(name);
        MixerRoom room{{"--record", name}};
        REQUIRE(room.mixer->wait_for_line("recording path="));
        REQUIRE(room.server.wait_for_frame(room.server.frame() + 72000));
        room.mixer->kill_hard();
        fs::remove(registry_of(room.server.name()) /
                   "mixer-bus.running.state");  // of a power cut nothing is left there
        room.start({"--record", name});
        REQUIRE(eventually([&] { return files_of(room.folder.path(), ".flac").size() == 2; }));
        CHECK(room.mixer->output().find(" error ") == std::string::npos);
        CHECK(room.mixer->terminate() == 0);
        for (const auto& file : files_of(room.folder.path(), ".flac")) {
            CHECK(read_audio(file).frames() > 0);
        }
    }
}

TEST_CASE("a full disk takes the oldest recordings first, then ends the recording, never the mix") {
    MixerRoom room;
    const auto small = room.folder / "small";
    fs::create_directory(small);
    if (mount("none", small.c_str(), "tmpfs", 0, "size=2M") != 0) {
        MESSAGE("skipped: this system refuses a small file system to fill");
        return;
    }
    room.mixer->terminate();
    room.start({"--record-split", "1s", "--record-keep", "1d"});
    REQUIRE(room.obeys(at::subscribe));
    const Stereo music{noise(480000, 1), noise(480000, 2)};
    const auto deck = room.player("A", music);
    deck->start_at(room.soon());
    // 384 kB a second: full after five.
    REQUIRE(room.obeys(at::mixer_record_start, {"small/set.wav"}));
    REQUIRE(room.osc.wait_for(at::mixer_record_removed));
    REQUIRE(eventually([&] { return room.osc.received(at::mixer_record_started).size() >= 8; }));
    CHECK(room.osc.received(at::mixer_record_failed).empty());
    CHECK_FALSE(fs::exists(small / "set.wav"));
    REQUIRE(room.obeys(at::mixer_record_stop));
    for (const auto& file : files_of(small, ".wav")) {
        CHECK(read_audio(file).frames() > 0);
    }
    // What is not a recording of this name stays, and then there is no more room.
    for (const auto& file : files_of(small, ".wav")) {
        fs::remove(file);
    }
    std::ofstream{small / "mine", std::ios::binary} << std::string(1'900'000, 'x');
    REQUIRE(room.obeys(at::mixer_record_start, {"small/other.wav"}));
    REQUIRE(room.osc.wait_for(at::mixer_record_failed));
    CHECK(fs::file_size(small / "mine") == 1'900'000);
    CHECK(room.ask(at::mixer_state).named("rate") == 48000.0);
    umount2(small.c_str(), MNT_DETACH);
}

TEST_CASE("what is announced as playing stands in the cue sheet at its frame") {
    MixerRoom room;
    REQUIRE(room.obeys(at::mixer_nowplaying, {"A", "First artist", "First title"}));
    const auto begun = room.ask(at::mixer_record_start, {"set.wav"});
    const auto begin = static_cast<std::int64_t>(begun.number(2));
    REQUIRE(room.obeys(at::mixer_nowplaying, {"B", "Second artist", "Second title", frame_value(begin + 36000)}));
    const auto now = room.ask(at::mixer_nowplaying);
    CHECK(now.text(0) == "B");
    CHECK(now.text(1) == "Second artist");
    CHECK(now.text(2) == "Second title");
    CHECK(room.error_code(at::mixer_nowplaying, {"A", "only"}) == 1);
    REQUIRE(room.server.wait_for_frame(static_cast<std::uint32_t>(begin + 48000)));
    REQUIRE(room.obeys(at::mixer_record_stop));
    const std::string sheet = text_of(room.folder / "set.cue");
    REQUIRE(room.obeys(at::mixer_record_start, {"next.wav"}));
    room.mixer->kill_hard();
    room.start({"--resume"});  // what plays still does, and nobody says so again
    REQUIRE(eventually(
        [&] { return text_of(room.folder / "next-2.cue").find("TITLE \"Second title\"") != std::string::npos; }));
    REQUIRE(room.obeys(at::mixer_record_stop));
    CHECK(sheet.find("PERFORMER \"First artist\"\n    INDEX 01 00:00:00") != std::string::npos);
    CHECK(sheet.find("PERFORMER \"Second artist\"\n    INDEX 01 00:00:56") != std::string::npos);
}

TEST_CASE("samples are as wide as --record-format says") {
    const std::vector<std::pair<std::string, int>> widths{
        {"s16", SF_FORMAT_PCM_16}, {"s24", SF_FORMAT_PCM_24}, {"f32", SF_FORMAT_FLOAT}};
    for (const auto& [width, format] : widths) {
        MixerRoom room{{"--record-format", width}};
        REQUIRE(room.obeys(at::mixer_record_start, {"set.wav", 0.1}));
        REQUIRE(room.obeys(at::mixer_record_stop));
        SF_INFO info{};
        SNDFILE* const file = sf_open((room.folder / "set.wav").c_str(), SFM_READ, &info);
        REQUIRE(file != nullptr);
        CHECK((info.format & SF_FORMAT_SUBMASK) == format);
        sf_close(file);
    }
}

TEST_CASE("cycles that JACK leaves out while a recording runs are said, and where") {
    undisturbed([] {
        MixerRoom room;
        const auto deck = room.player("A", {Signal(48000, 0.1F), Signal(48000, 0.1F)});
        const auto begun = room.ask(at::mixer_record_start, {"set.wav"});
        REQUIRE_MESSAGE(begun.is_reply_to(at::mixer_record_start), begun.shown());
        const auto begin = static_cast<std::uint32_t>(begun.number(2));
        REQUIRE(room.server.wait_for_frame(begin + 24000));
        deck->hang(true);  // the graph stands still, the clock goes on
        const std::uint32_t hung = room.server.frame();
        REQUIRE(room.server.wait_for_frame(hung + 48000));
        deck->hang(false);
        const auto number = [](const std::string& line, const std::string& name) {
            return std::stod(line.substr(line.find(name + "=") + name.size() + 1));
        };
        std::string hole;
        REQUIRE(eventually([&] {
            for (const auto& line : room.mixer->lines()) {
                const bool long_one =
                    line.find("recording-hole") != std::string::npos && number(line, "frames") > 40000;
                hole = long_one ? line : hole;
            }
            return !hole.empty();
        }));
        REQUIRE(room.obeys(at::mixer_record_stop));
        if (number(hole, "cycles") != 1.0) {
            return false;  // there are others in that second
        }
        MESSAGE(hole);
        const double place_s = number(hole, "first_at_s");
        CHECK(place_s >= 0.45);
        CHECK(place_s <= (hung - begin) / 48000.0 + 0.05);
        return true;
    });
}

TEST_CASE("cycles that JACK leaves out just before the end of a recording are said") {
    MixerRoom room;
    const auto deck = room.player("A", {Signal(48000, 0.1F), Signal(48000, 0.1F)});
    const auto ears = room.capture();
    REQUIRE(room.obeys(at::mixer_record_start, {"short.wav"}));
    REQUIRE(room.server.wait_for_frame(room.server.frame() + 4800));
    deck->hang(true);
    REQUIRE(room.server.wait_for_frame(room.server.frame() + 9600));
    deck->hang(false);
    const auto left_out_to = static_cast<std::int64_t>(room.server.frame());
    REQUIRE(eventually([&] { return ears->end_frame().value_or(0) > left_out_to; }));  // the mixer runs again
    REQUIRE(room.obeys(at::mixer_record_stop));
    CHECK(room.mixer->wait_for_line("short.wav cycles="));
}
