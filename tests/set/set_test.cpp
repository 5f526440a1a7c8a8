// SPDX-License-Identifier: GPL-3.0-or-later
// Promises that no single program can keep alone: one start, one clock, one sound.
#include "tests/set/stage.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <fstream>

using namespace crowdjack::test;

namespace {

constexpr std::int64_t coded_frames = 48'000 * 60;
constexpr std::uint32_t busy_period = 512;  ///< frames; a busy machine meets it

/// A and B told apart in one mix: A's file sounds on the left alone, B's on the right.
void write_coded_pair(const Stage& stage) {
    write_position_coded(stage.folder() / "a.wav", coded_frames, 48'000, SampleFormat::pcm24, CodedChannels::left_only);
    write_position_coded(stage.folder() / "b.wav", coded_frames, 48'000, SampleFormat::pcm24,
                         CodedChannels::right_only);
}

void cue_pair(Stage& stage) {
    stage.done(stage.deck("A"), at::deck_cue, {(stage.folder() / "a.wav").string()});
    stage.done(stage.deck("B"), at::deck_cue, {(stage.folder() / "b.wav").string()});
}

/// The file position heard on a master channel at a JACK frame.
std::optional<std::int64_t> position(const Capture& ears, std::size_t channel, std::int64_t frame) {
    const auto sample = ears.sample(channel, frame);
    return sample ? PositionCode{24}.frame_of(*sample) : std::nullopt;
}

bool stays_silent(const Capture& ears, std::size_t channel, std::int64_t from, std::int64_t to) {
    for (auto frame = from; frame < to; ++frame) {
        if (ears.sample(channel, frame).value_or(0.0F) != 0.0F) {
            return false;
        }
    }
    return true;
}

/// The mixer's limiter looks ahead by a constant: the master is the decks' sum so many frames later.
constexpr std::int64_t master_delay = 64;

/// `frame`, or the next one that was recorded where the server's clock jumped over it.
std::int64_t next_recorded(const Capture& ears, std::int64_t frame) {
    while (!ears.sample(0, frame)) {
        ++frame;
    }
    return frame;
}

/// From where a deck that starts at `start` sounds each sample of its file.
std::int64_t in_full_from(const Capture& ears, std::int64_t start) {
    const auto first = next_recorded(ears, start);
    return first == start ? start : first + late_start_fade;
}

/// Both decks at the file's frame 0 on `first`, and silent one frame earlier. @returns the first frame that is not so,
/// counted from `first`
std::optional<std::int64_t> wrong_start(const Capture& ears, std::int64_t first) {
    for (const std::size_t channel : {0U, 1U}) {
        if (!stays_silent(ears, channel, first - 1, first)) {
            return -1;
        }
        for (std::int64_t k = 0; k < 200; ++k) {
            if (position(ears, channel, first + k) != k) {
                return k;
            }
        }
    }
    return std::nullopt;
}

/// One group start of the coded pair, judged on its first 200 frames. @returns whether it could be judged: no cycle was
/// left out in which the decks start or the master sounds it
bool judge_group_start(Stage& stage) {
    cue_pair(stage);
    const auto reply = stage.done(stage.front_door(), at::start_group, {0.0, std::string{"A"}, std::string{"B"}});
    CHECK(reply.text(2) == "A");
    CHECK(reply.text(3) == "B");
    const auto first = frame_argument(reply, 1) + master_delay;
    REQUIRE(stage.ears().wait_until(first + 500));
    const auto wrong = wrong_start(stage.ears(), first);
    const bool can_be_judged = stage.ears().recorded(first - 1'024, first + 200);
    if (can_be_judged) {
        REQUIRE(wrong.value_or(200) == 200);
    }
    stage.done(stage.deck("A"), at::deck_stop);
    stage.done(stage.deck("B"), at::deck_stop);
    const auto stopped = *stage.ears().end_frame() + 4'000;
    REQUIRE(stage.ears().wait_until(stopped));
    return can_be_judged;
}

/// One group start of two files that no cache holds, sent with their cues. @returns false where a deck said that it was
/// late: then nothing was judged
bool judge_cold_start(Stage& stage) {
    const auto late_starts = [&stage] {
        return stage.done(stage.deck("A"), at::deck_health).named("late_starts") +
               stage.done(stage.deck("B"), at::deck_health).named("late_starts");
    };
    const auto late_before = late_starts();
    for (const auto* name : {"a.wav", "b.wav"}) {
        make_cold(stage.folder() / name);
    }
    const auto sent_at = *stage.ears().end_frame();
    const auto mark = stage.osc().count();
    stage.osc().send(stage.front_door(), at::cue, {std::string{"A"}, (stage.folder() / "a.wav").string()});
    stage.osc().send(stage.front_door(), at::cue, {std::string{"B"}, (stage.folder() / "b.wav").string()});
    stage.osc().send(stage.front_door(), at::start_group, {0.1, std::string{"A"}, std::string{"B"}});
    const auto reply = stage.osc().wait_for(
        [](const OscReceived& message) {
            return message.is_reply_to(at::start_group) || message.is_error_of(at::start_group);
        },
        mark);
    REQUIRE(reply);
    REQUIRE_MESSAGE(reply->is_reply_to(at::start_group), reply->shown());
    CHECK(reply->arguments.size() == 4);
    const auto start = frame_argument(*reply, 1);
    // Due 0.1 s after arrival, which is after sending.
    CHECK(start >= sent_at + 4'800);
    REQUIRE(stage.ears().wait_until(start + 4'800));
    if (late_starts() > late_before) {
        stage.done(stage.deck("A"), at::deck_eject);
        stage.done(stage.deck("B"), at::deck_eject);
        return false;
    }
    // The first sample may be 0, also where the clock jumped over the start and the deck begins later in its file.
    const auto sounds_by = next_recorded(stage.ears(), start) + 1;
    for (const std::size_t deck : {2U, 3U}) {
        CHECK(stays_silent(stage.ears(), deck, sent_at, start));
        CHECK(stage.ears().first_sound(deck, sent_at).value_or(INT64_MAX) <= next_recorded(stage.ears(), sounds_by));
    }
    std::int64_t heard = 0;
    std::int64_t apart = 0;
    for (auto frame = start; frame < start + 4'800; ++frame) {
        const auto a = stage.ears().sample(2, frame);
        const auto b = stage.ears().sample(3, frame);
        heard += a && b ? 1 : 0;  // else the clock jumped over it
        apart += a != b ? 1 : 0;
    }
    CHECK(apart == 0);
    CHECK(heard > 2'400);
    return true;
}

}  // namespace

TEST_CASE("two decks told to start together start on the same sample, 100 of 100, whatever the period") {
    Stage stage{{.period = 256, .capture_seconds = 240.0}};
    write_coded_pair(stage);
    for (const std::uint32_t period : {64U, 256U, 1024U}) {
        CAPTURE(period);
        stage.server().set_period(period);
        int judged = 0;
        int trials = 0;
        for (; trials < 400 && judged < 100; ++trials) {  // where a machine stalls, a third of them can't be judged
            CAPTURE(trials);
            judged += judge_group_start(stage) ? 1 : 0;
        }
        MESSAGE(period, " frames: ", judged, " of ", trials, " starts could be judged");
        CHECK(judged == 100);
    }
    CHECK_FALSE(stage.trap_sprang());
}

TEST_CASE("at unity, deck and mixer are bit-exact for ten seconds: every sample is its file's") {
    Stage stage{{.period = 128, .capture_seconds = 60.0}};
    write_coded_pair(stage);
    cue_pair(stage);
    const auto start =
        frame_argument(stage.done(stage.front_door(), at::start_group, {0.0, std::string{"A"}, std::string{"B"}}), 1);
    // Freewheeling, so that a busy machine can't make the server drop a cycle: what is judged is the arithmetic.
    stage.server().freewheel(true);
    REQUIRE(stage.ears().wait_until(start + 480'000 + master_delay));
    stage.server().freewheel(false);
    CHECK(wrong_frames(stage.ears(), 0, start, start + master_delay, start + 480'000, master_delay) == 0);
    CHECK(wrong_frames(stage.ears(), 1, start, start + master_delay, start + 480'000, master_delay) == 0);
    for (const auto* deck : {"A", "B"}) {
        const auto health = stage.done(stage.deck(deck), at::deck_health);
        CHECK_MESSAGE(health.named("starved_frames") == 0.0, health.shown());
    }
}

TEST_CASE(
    "a group start sent with the cues of two 140 MB files on a cold cache waits for both and starts them as one") {
    Stage stage{{.capture_seconds = 60.0}};
    constexpr std::int64_t long_track = 35'000'000;  // 140 MB of 16-bit stereo; the code repeats nothing it should not
    for (const auto* name : {"a.wav", "b.wav"}) {
        write_position_coded(stage.folder() / name, long_track, 44'100, SampleFormat::pcm16);
    }
    // Where the machine has too much to do a deck's control thread may be late. Then the deck says so.
    constexpr int attempts = 3;
    int late = 0;
    while (late < attempts && !judge_cold_start(stage)) {
        ++late;
    }
    CHECK(late < attempts);
}

TEST_CASE("a deck that can't be made ready is named in an error after 5 s, and the other starts") {
    Stage stage{{.period = busy_period}};
    write_coded_pair(stage);
    stage.done(stage.deck("A"), at::deck_cue, {(stage.folder() / "a.wav").string()});
    const auto mark = stage.osc().count();
    stage.osc().send(stage.front_door(), at::start_group, {0.1, std::string{"A"}, std::string{"B"}});
    const auto is = [](const std::string& address) {
        return [address](const OscReceived& message) {
            return message.address == address && message.text(0) == at::start_group;
        };
    };
    const auto error = stage.osc().wait_for(is(at::error), mark);
    const auto reply = stage.osc().wait_for(is(at::reply), mark);
    REQUIRE(error);
    REQUIRE(reply);
    CHECK(error->number(1) == 3);
    CHECK(error->text(2).find('B') != std::string::npos);
    CHECK(reply->arguments.size() == 3);
    CHECK(reply->text(2) == "A");
    const auto start = frame_argument(*reply, 1);
    REQUIRE(stage.ears().wait_until(start + 5'000 + master_delay));
    const auto from = in_full_from(stage.ears(), start) + master_delay;
    CHECK(wrong_frames(stage.ears(), 0, start, from, start + 5'000, master_delay) == 0);
}

TEST_CASE("a file that can't be played gets an error that names it, and the playing track goes on untouched") {
    Stage stage{{.period = busy_period}};
    write_coded_pair(stage);
    const auto& folder = stage.folder();
    std::ofstream{folder / "empty.wav"};
    std::ofstream{folder / "text.wav"} << "This is no music.\n";
    std::ofstream{folder / "header-only.wav"} << "RIFF\x24\x10";
    std::filesystem::create_directory(folder / "folder.wav");
    cue_pair(stage);
    const auto start =
        frame_argument(stage.done(stage.front_door(), at::start_group, {0.0, std::string{"A"}, std::string{"B"}}), 1);
    REQUIRE(stage.ears().wait_until(start + 9'600));
    for (const std::string name : {"missing.wav", "empty.wav", "text.wav", "header-only.wav", "folder.wav"}) {
        const auto answer = stage.ask(stage.deck("A"), at::deck_cue, {(folder / name).string()});
        CHECK_MESSAGE(answer.is_error_of(at::deck_cue), answer.shown());
        CHECK_MESSAGE(answer.text(2).find(name) != std::string::npos, answer.shown());
        // The same by way of the front door.
        const auto door = stage.ask(stage.front_door(), at::cue, {std::string{"A"}, (folder / name).string()});
        CHECK_MESSAGE(door.is_error_of(at::cue), door.shown());
    }
    const auto to = *stage.ears().end_frame() + 9'600;
    REQUIRE(stage.ears().wait_until(to));
    CHECK(wrong_frames(stage.ears(), 0, start, start + 9'600, to, master_delay) == 0);
}

TEST_CASE("killing any one client leaves the others playing, and the session says which one it lost") {
    Stage stage{{.period = busy_period, .capture_seconds = 60.0}};
    write_coded_pair(stage);
    cue_pair(stage);
    const auto start =
        frame_argument(stage.done(stage.front_door(), at::start_group, {0.0, std::string{"A"}, std::string{"B"}}), 1);
    REQUIRE(stage.ears().wait_until(start + 9'600));
    const auto kill_and_listen = [&](const std::string& client, std::size_t channel, std::int64_t delay) {
        CAPTURE(client);
        const auto pid = stage.client_pid(client);
        REQUIRE(pid > 0);
        const auto before = *stage.ears().end_frame();
        kill(pid, SIGKILL);
        REQUIRE(stage.session().wait_for_line(client));
        REQUIRE(stage.ears().wait_until(before + 24'000));
        return wrong_frames(stage.ears(), channel, start, before, before + 24'000, delay);
    };
    const auto without_deck = kill_and_listen("deck-B", 0, master_delay);
    const auto without_follower = kill_and_listen("bpm-follower", 0, master_delay);
    const auto without_mixer = kill_and_listen("mixer-bus", 2, 0);
    stage.session().kill_hard();
    const auto before = *stage.ears().end_frame();
    REQUIRE(stage.ears().wait_until(before + 24'000));
    const auto without_session = wrong_frames(stage.ears(), 2, start, before, before + 24'000, 0);
    // An asynchronous server loses at most a period downstream of a client that dies.
    constexpr std::int64_t period = busy_period;
    CHECK(without_deck <= period);
    CHECK(without_follower <= period);
    CHECK(without_mixer <= period);
    CHECK(without_session == 0);
    CHECK_FALSE(stage.trap_sprang());
}
