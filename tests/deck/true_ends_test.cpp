// SPDX-License-Identifier: GPL-3.0-or-later
// A real deck with files that end before they said so, and what it keeps of files that it is done with.
#include "tests/deck/live_deck.hpp"
#include "tests/support/eventually.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace crowdjack::test;
namespace fs = std::filesystem;

namespace {

constexpr int period = 256;

/// Rewrites a file with its first `part` only.
void cut(const fs::path& file, double part) {
    fs::resize_file(file, static_cast<std::uintmax_t>(static_cast<double>(fs::file_size(file)) * part));
}

std::size_t count(const std::string& text, const std::string& word) {
    std::size_t found = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        ++found;
    }
    return found;
}

/// The longest run of frames at a port that hold nothing, between two frames that were recorded.
std::int64_t longest_silence(const Capture& ears, std::int64_t from, std::int64_t to) {
    std::int64_t run = 0;
    std::int64_t longest = 0;
    for (const float sample : ears.samples(0, from, to)) {
        run = std::abs(sample) < 1e-5F ? run + 1 : 0;  // NaN: not recorded, which is no silence of the deck
        longest = std::max(longest, run);
    }
    return longest;
}

/// What a process holds of files under a folder.
struct Holdings {
    std::size_t descriptors{}, mappings{};
};
Holdings holdings(pid_t pid, const fs::path& folder) {
    Holdings result;
    const fs::path proc = fs::path{"/proc"} / std::to_string(pid);
    for (const auto& entry : fs::directory_iterator{proc / "fd"}) {
        std::error_code error;
        const fs::path file = fs::read_symlink(entry.path(), error);
        result.descriptors += file.string().starts_with(folder.string()) ? 1U : 0U;
    }
    std::ifstream maps{proc / "maps"};
    for (std::string line; std::getline(maps, line);) {
        result.mappings += line.find(folder.string()) != std::string::npos ? 1U : 0U;
    }
    return result;
}

double resident_megabytes(pid_t pid) { return static_cast<double>(memory_of(pid).resident) / 1e6; }

}  // namespace

TEST_CASE("a file that ends before its header said loops, seeks and ends by what there is") {
    const TemporaryFolder music;
    const JackServer server{{.period = period}};
    for (const std::string name : {"short.mp3", "short.flac", "short.wav"}) {
        CAPTURE(name);
        write_audio(music / name, as_channels(sine(441.0, 4.0, 48000.0), 2), 2, 48000, SampleFormat::pcm16);
        cut(music / name, 0.5);
        LiveDeck deck{server, music.path()};
        OscClient osc;
        Capture ears{server.name(), {.channels = 1, .seconds = 60.0}};
        ears.listen_to(deck.port("out_l"), 0);
        const auto cued = deck.ask(osc, at::deck_cue, {(music / name).string()});
        REQUIRE_MESSAGE(cued.is_reply_to(at::deck_cue), cued.shown());
        const double length = deck.ask(osc, at::deck_state).number(4);
        CHECK(length > 1.5);
        CHECK(length < 2.3);
        REQUIRE(deck.ask(osc, at::deck_loop, {true}).is_reply_to(at::deck_loop));
        REQUIRE(deck.ask(osc, at::deck_start).is_reply_to(at::deck_start));
        REQUIRE(ears.wait_until(ears.end_frame().value_or(0) + 3 * 48000));
        const auto beyond = deck.ask(osc, at::deck_seek, {3.5});
        CHECK(beyond.is_error_of(at::deck_seek));
        CHECK(beyond.number(1) == 5.0);
        const auto state = deck.ask(osc, at::deck_state);
        CHECK(state.text(0) == "playing");
        CHECK(state.number(3) < length);
        const std::int64_t end = ears.end_frame().value_or(0);
        CHECK(longest_silence(ears, end - 2 * 48000, end) <
              period + 2 * 1152);  // an encoder's delay, at the loop's begin
        CHECK(count(deck.process().output(), "track-cut-off") == 1);
        CHECK(deck.process().output().find("header_s=4") != std::string::npos);
        CHECK(deck.process().output().find("arning:") == std::string::npos);  // no library speaks for itself
        CHECK(deck.process().terminate() == 0);
    }
}

TEST_CASE("a loop ends with its file when that is cut off while it plays") {
    const TemporaryFolder music;
    const JackServer server{{.period = period}};
    const fs::path file = music / "shrinking.wav";
    write_audio(file, as_channels(sine(441.0, 60.0, 48000.0), 2), 2, 48000, SampleFormat::pcm16);
    LiveDeck deck{server, music.path()};
    OscClient osc;
    Capture ears{server.name(), {.channels = 1, .seconds = 60.0}};
    ears.listen_to(deck.port("out_l"), 0);
    REQUIRE(deck.ask(osc, at::deck_cue, {file.string(), 0.0}).is_reply_to(at::deck_cue));
    REQUIRE(deck.ask(osc, at::deck_loop, {0.0, 60.0}).is_reply_to(at::deck_loop));
    REQUIRE(deck.ask(osc, at::deck_start).is_reply_to(at::deck_start));
    cut(file, 0.1);  // six seconds are left
    REQUIRE(deck.ask(osc, at::deck_seek, {5.0}).is_reply_to(at::deck_seek));
    const std::int64_t from = ears.end_frame().value_or(0);
    REQUIRE(ears.wait_until(from + 4 * 48000));
    const auto state = deck.ask(osc, at::deck_state);
    CHECK(state.text(0) == "playing");
    CHECK(state.number(4) == doctest::Approx(6.0).epsilon(0.01));
    CHECK(state.number(3) < 6.0);
    const std::int64_t end = ears.end_frame().value_or(0);
    CHECK(longest_silence(ears, end - 48000, end) < period);
    const auto beyond = deck.ask(osc, at::deck_seek, {30.0});
    CHECK(beyond.number(1) == 5.0);
    CHECK(deck.ask(osc, at::deck_loop).number(1) == doctest::Approx(6.0).epsilon(0.01));
    CHECK(deck.process().terminate() == 0);
}

TEST_CASE("a keep-pitch deck that goes back to rate right after a start lets its track go") {
    const TemporaryFolder music;
    const JackServer server{{.period = period}};
    write_audio(music / "a.flac", as_channels(sine(441.0, 20.0, 48000.0), 2), 2, 48000, SampleFormat::pcm16);
    write_audio(music / "b.wav", as_channels(sine(441.0, 20.0, 48000.0), 2), 2, 48000, SampleFormat::pcm16);
    LiveDeck deck{server, music.path()};
    OscClient osc;
    for (const std::string method : {"wsola", "rubberband", "rubberband:fast"}) {
        for (const std::string name : {"a.flac", "b.wav"}) {
            CAPTURE(method);
            CAPTURE(name);
            REQUIRE(deck.ask(osc, at::deck_stretch, {method}).is_reply_to(at::deck_stretch));
            REQUIRE(deck.ask(osc, at::deck_cue, {(music / name).string()}).is_reply_to(at::deck_cue));
            REQUIRE(deck.ask(osc, at::deck_start).is_reply_to(at::deck_start));
            REQUIRE(deck.ask(osc, at::deck_stretch, {std::string{"rate"}}).is_reply_to(at::deck_stretch));
            REQUIRE(deck.ask(osc, at::deck_eject).is_reply_to(at::deck_eject));
            CHECK(eventually([&] {
                const Holdings held = holdings(deck.process().pid(), music.path());
                return held.descriptors == 0 && held.mappings == 0;
            }));
        }
    }
    CHECK(deck.process().terminate() == 0);
}

TEST_CASE("a thousand cues of all formats under all methods leave nothing behind") {
    const TemporaryFolder music;
    const JackServer server{{.period = 1024}};
    const std::array<std::string, 5> names{"a.wav", "b.flac", "c.mp3", "d.ogg", "e.aiff"};
    const std::array<std::string, 4> methods{"rate", "wsola", "rubberband:fast", "rubberband"};
    for (const std::string& name : names) {
        write_audio(music / name, as_channels(sine(441.0, 5.0, 48000.0), 2), 2, 48000, SampleFormat::pcm16);
    }
    LiveDeck deck{server, music.path()};
    OscClient osc;
    double settled = 0.0;
    for (std::size_t round = 0; round < 1000; ++round) {
        const std::string& name = names.at(round % names.size());
        if (round % 7 == 0) {
            deck.ask(osc, at::deck_stretch, {methods.at(round / 7 % methods.size())});
        }
        REQUIRE(deck.ask(osc, at::deck_cue, {(music / name).string()}).is_reply_to(at::deck_cue));
        if (round % 3 != 0) {
            REQUIRE(deck.ask(osc, at::deck_start).is_reply_to(at::deck_start));
        }
        if (round % 100 == 99) {  // what plays, what comes next, and what fades
            CHECK(holdings(deck.process().pid(), music.path()).descriptors <= 8);
        }
        if (round == 200) {
            settled = resident_megabytes(deck.process().pid());
        }
    }
    const double after = resident_megabytes(deck.process().pid());
    MESSAGE("resident: " << settled << " MB after 200 cues, " << after << " MB after 1000");
    // A leaked track of these would be 2 MB each, 1600 in all. What the heap holds between two methods differs by 30.
    CHECK(after < settled + 60.0);
    deck.ask(osc, at::deck_stretch, {std::string{"rate"}});
    deck.ask(osc, at::deck_eject);
    CHECK(eventually([&] {
        const Holdings held = holdings(deck.process().pid(), music.path());
        return held.descriptors == 0 && held.mappings == 0;
    }));
    CHECK(eventually([&] { return deck.ask(osc, at::deck_health).named("resident_bytes") == 0.0; }));
    CHECK(deck.process().terminate() == 0);
    // Not a page for each track: what is cued was touched by the one who read it.
    const long faults = late_page_faults(deck.process());
    MESSAGE("the audio thread met " << faults << " new pages during 1000 cues");
    CHECK(faults < 20);
}

TEST_CASE("decoded tracks take no more memory than they were given, and play on from wherever one seeks") {
    const TemporaryFolder music;
    const JackServer server{{.period = 1024}};
    write_audio(music / "long.mp3", as_channels(sine(441.0, 240.0, 44100.0), 2), 2, 44100, SampleFormat::pcm16);
    LiveDeck deck{server, music.path(), {"--decoded-memory", "16"}};
    OscClient osc;
    Capture ears{server.name(), {.channels = 1, .seconds = 60.0}};
    ears.listen_to(deck.port("out_l"), 0);
    REQUIRE(deck.ask(osc, at::deck_cue, {(music / "long.mp3").string()}).is_reply_to(at::deck_cue));
    REQUIRE(deck.ask(osc, at::deck_start).is_reply_to(at::deck_start));
    double most = 0.0;
    for (const double place : {230.0, 10.0, 120.0, 200.0, 60.0, 5.0}) {
        const auto sought = deck.ask(osc, at::deck_seek, {place});
        REQUIRE_MESSAGE(sought.is_reply_to(at::deck_seek), sought.shown());
        const std::int64_t from = ears.end_frame().value_or(0);
        REQUIRE(ears.wait_until(from + 24000));
        CHECK(longest_silence(ears, from + 4800, from + 24000) < 1024);
        most = std::max(most, deck.ask(osc, at::deck_health).named("resident_bytes"));
    }
    CHECK(most < 32e6);  // decoded in whole it would be 85 MB; the windows around the playhead come on top
    CHECK(deck.ask(osc, at::deck_health).named("starved_frames") == 0.0);
    CHECK(deck.process().terminate() == 0);
}
