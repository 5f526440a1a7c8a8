// SPDX-License-Identifier: GPL-3.0-or-later
// Orders to record and stream that come twice, too soon, too early or while the server changes.
#include "tests/mixer-bus/icecast.hpp"
#include "tests/mixer-bus/mixer_room.hpp"
#include "tests/support/undisturbed.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

std::size_t answers_to(const OscClient& osc, const std::string& command) {
    std::size_t count = 0;
    for (const auto& message : osc.received()) {
        count += message.is_reply_to(command) || message.is_error_of(command) ? 1U : 0U;
    }
    return count;
}

std::int64_t frame_of(const OscReceived& reply) { return static_cast<std::int64_t>(reply.number(2)); }

}  // namespace

TEST_CASE("a preroll longer than the mixer has lived begins with its first frame, and the reply says which that is") {
    undisturbed([] {
        MixerRoom room;
        const auto capture = room.capture();
        // Each sample says its own frame: 24 bits are exact in a float.
        JackProbe source{room.server.name(), "source", 0, 2, [](const JackProbe::Cycle& cycle) {
                             for (std::uint32_t i = 0; i < cycle.frames; ++i) {
                                 cycle.outputs[0][i] = static_cast<float>(cycle.frame + i) / 16777216.0F;
                                 cycle.outputs[1][i] = 0.0F;
                             }
                         }};
        source.connect(source.output(0), "mixer-bus:A_l");
        REQUIRE(capture->wait_until(room.soon(0.2)));
        const auto begun = room.ask(at::mixer_record_start, {"all.wav", 10.0});
        REQUIRE(begun.is_reply_to(at::mixer_record_start));
        REQUIRE(room.obeys(at::mixer_record_stop));
        const bool hole = room.mixer->output().find("recording-hole") != std::string::npos;
        if (hole || disturbed(*capture)) {
            return false;
        }
        const auto content = read_audio(room.folder / "all.wav");
        const std::int64_t frames = content.frames();
        REQUIRE(frames > 4800);
        CHECK(frames < 480000);
        const float last = content.interleaved[static_cast<std::size_t>(2 * (frames - 1))];
        CHECK(std::lround(last * 16777216.0F) ==
              frame_of(begun) + frames - 1 - static_cast<std::int64_t>(Limiter::delay));
        return true;
    });
}

TEST_CASE("ten seconds before a frame that was now when the command left are still there") {
    MixerRoom room;
    REQUIRE(room.server.wait_for_frame(room.server.frame() + 510000));
    const std::int64_t now = room.soon(0.0);
    const auto begun = room.ask(at::mixer_record_start, {"ten.wav", 10.0, frame_value(now - 2400)});
    REQUIRE(begun.is_reply_to(at::mixer_record_start));
    CHECK(frame_of(begun) == now - 2400 - 480000);
    REQUIRE(room.obeys(at::mixer_record_stop));
    CHECK(room.error_code(at::mixer_record_start, {"eleven.wav", 0.0, frame_value(room.soon(-11.0))}) == 4);
}

TEST_CASE("whoever says stop is answered, though another said it before") {
    MixerRoom room;
    REQUIRE(room.obeys(at::mixer_record_start, {"set.wav"}));
    room.osc.forget();
    room.osc.send(room.url, at::mixer_record_stop);
    room.osc.send(room.url, at::mixer_record_stop);
    CHECK(eventually([&] { return answers_to(room.osc, at::mixer_record_stop) == 2; }));
    room.osc.send(room.url, at::mixer_stream_start, {"icecast://source:x@127.0.0.1:1/m"});
    room.osc.send(room.url, at::mixer_stream_stop);
    room.osc.send(room.url, at::mixer_stream_stop);
    CHECK(eventually([&] { return answers_to(room.osc, at::mixer_stream_stop) == 2; }));
    CHECK(answers_to(room.osc, at::mixer_stream_start) == 1);
}

TEST_CASE("stop and start in one burst split a recording without a gap") {
    undisturbed([] {
        MixerRoom room;
        const auto capture = room.capture();
        const auto first = room.ask(at::mixer_record_start, {"one.wav"});
        REQUIRE(capture->wait_until(frame_of(first) + 9600));
        const std::size_t mark = room.osc.count();
        room.osc.send(room.url, at::mixer_record_stop);
        room.osc.send(room.url, at::mixer_record_start, {"two.wav"});
        const auto stopped =
            room.osc.wait_for([](const auto& m) { return m.is_reply_to(at::mixer_record_stop); }, mark);
        const auto second =
            room.osc.wait_for([](const auto& m) { return m.is_reply_to(at::mixer_record_start); }, mark);
        REQUIRE(stopped);
        REQUIRE(second);
        REQUIRE(capture->wait_until(frame_of(*second) + 4800));
        REQUIRE(room.obeys(at::mixer_record_stop));
        if (disturbed(*capture)) {
            return false;
        }
        CHECK(frame_of(*second) == frame_of(first) + static_cast<std::int64_t>(stopped->number(2)));
        CHECK(read_audio(room.folder / "two.wav").frames() > 0);
        return true;
    });
}

TEST_CASE("at another rate a recording goes on in a new file, and so does what is told of it") {
    MixerRoom room;
    REQUIRE(room.obeys(at::subscribe));
    REQUIRE(room.obeys(at::mixer_record_start, {"set.wav"}));
    room.server.kill_hard();
    room.server.restart({.rate = 44100, .period = 256});
    REQUIRE(room.server.wait_for_port("mixer-bus:master_r"));
    room.url = wait_for_client(room.server.name(), "mixer-bus");
    const auto ended = room.osc.wait_for(at::mixer_record_stopped);
    REQUIRE(ended);
    CHECK(ended->text(0) == (room.folder / "set.wav").string());
    REQUIRE(room.osc.wait_for([&](const auto& m) {
        return m.address == at::mixer_record_started && m.text(0) == (room.folder / "set-2.wav").string();
    }));
    REQUIRE(room.server.wait_for_frame(static_cast<std::uint32_t>(room.soon(0.5))));
    const auto stopped = room.ask(at::mixer_record_stop);
    REQUIRE(stopped.is_reply_to(at::mixer_record_stop));
    CHECK(stopped.text(1) == (room.folder / "set-2.wav").string());
    CHECK(read_audio(room.folder / "set-2.wav").frames() > 4410);
}

TEST_CASE("a stream resumed while the server still holds its mount waits for it instead of giving up") {
    if (!Icecast::possible()) {
        MESSAGE("skipped: no icecast2 here, or no user namespace to run it in");
        return;
    }
    MixerRoom room;
    Icecast icecast{room.folder.path(), 8705, "hackme"};
    icecast.start();
    REQUIRE(room.obeys(at::mixer_stream_start, {icecast.url("set")}));
    room.mixer->kill_hard();
    // Somebody else stands for the dead connection that the server has not noticed yet.
    Process ghost{{program_path("crowdjack-mixer-bus"), "--server", room.server.name(), "--client-name", "ghost"}};
    const std::string ghost_url = wait_for_client(room.server.name(), "ghost");
    REQUIRE(eventually([&] {
        const auto answer = room.osc.request(ghost_url, at::mixer_stream_start, {icecast.url("set")});
        return answer && answer->is_reply_to(at::mixer_stream_start);
    }));
    room.start({"--resume"});
    REQUIRE(room.mixer->wait_for_line("stream-unreachable"));
    const auto released = room.osc.request(ghost_url, at::mixer_stream_stop);
    REQUIRE(released);
    CHECK(room.mixer->wait_for_line("streaming to="));
}
