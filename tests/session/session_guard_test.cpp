// SPDX-License-Identifier: GPL-3.0-or-later
// [guard]: what a session does when nobody is there to hear that it is silent.
#include "tests/session/session_room.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using namespace crowdjack::test;
using std::string;
namespace fs = std::filesystem;

namespace {

/// A program that writes its arguments and what it was told in the environment.
void make_hook(const fs::path& path, const fs::path& out) {
    std::ofstream{path} << "#!/bin/sh\n{ for w in \"$@\"; do echo \"word=$w\"; done; env | grep ^CROWDJACK_; } >> '"
                        << out.string() << "'\n";
    fs::permissions(path, fs::perms::owner_all);
}

/// Is the coded track alone in the mix again, some time after `from`?
bool is_alone(const Capture& capture, std::int64_t from) {
    for (std::int64_t frame = from; frame < capture.end_frame().value() - mixer_latency - 1; ++frame) {
        const auto here = heard(capture, 0, frame);
        const auto next = heard(capture, 0, frame + 1);
        if (here && next && *next == *here + 1) {
            return true;
        }
    }
    return false;
}

}  // namespace

TEST_CASE(
    "commands run at the start, at a crash and in silence, without a shell; a fallback plays until the set is back") {
    SessionRoom room;
    REQUIRE(room.wait_until_whole());
    const fs::path notes = room.folder / "heard";
    make_hook(room.folder / "hook", notes);
    write_audio(room.folder / "loop.wav", as_channels(sine(440.0, 2.0, 48000.0, 0.25), 2), 2, 48000);
    const string hook = (room.folder / "hook").string();
    room.start_again_with("[guard]\non_start = [\"" + hook + "\", \"$(touch x); `y` a b\"]\non_crash = [\"" + hook +
                          "\", \"crash\"]\non_silence = [\"" + hook + "\", \"silence\"]\nfallback = \"loop.wav\"\n");
    REQUIRE(room.wait_until_whole());
    CHECK(eventually([&] { return text_of(notes).find("CROWDJACK_EVENT=start") != string::npos; }));
    CHECK(text_of(notes).find("word=$(touch x); `y` a b\n") != string::npos);
    CHECK(text_of(notes).find("CROWDJACK_FILE=" + room.file().string()) != string::npos);
    CHECK(text_of(notes).find("CROWDJACK_SESSION=") == string::npos);  // it is no client

    const pid_t deck = SessionRoom::signal("deck-A", SIGSEGV);
    REQUIRE(SessionRoom::wait_for_successor("deck-A", deck));
    CHECK(eventually([&] { return text_of(notes).find("CROWDJACK_WHY=signal 11 (SIGSEGV)") != string::npos; }));
    CHECK(text_of(notes).find("CROWDJACK_WHO=deck-A") != string::npos);

    REQUIRE(room.wait_until_whole());
    Capture capture{"test", {"capture", 2, 60.0}};
    capture.listen_to("mixer-bus:master_l", 0);
    REQUIRE(room.osc.request(wait_for_client("test", "mixer-bus"), at::mixer_silence, {-60.0F, 1.0}));
    CHECK(eventually([&] { return text_of(notes).find("CROWDJACK_EVENT=silence") != string::npos; }));
    const auto fallback = room.session->wait_for_line("fallback deck=deck-B strip=B");
    REQUIRE(fallback);
    REQUIRE(capture.wait_for_sound(0, capture.first_frame()));

    // The set is back: its track is heard, the fallback goes, its deck is free again.
    const string track = room.coded_track("left.wav", CodedChannels::left_only);
    REQUIRE(room.ask(at::cue, {string{"A"}, track}));
    REQUIRE(room.ask(at::start_group, {0.05F, string{"A"}}));
    CHECK(room.session->wait_for_line("fallback-ended why=\"the set is back\""));
    CHECK(eventually([&] {
        const auto state = room.osc.request(wait_for_client("test", "deck-B"), at::deck_state);
        return state && state->text(0) == "empty";
    }));
    const std::int64_t now = capture.end_frame().value();
    CHECK(eventually([&] { return is_alone(capture, now); }));
}
