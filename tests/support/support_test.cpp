// SPDX-License-Identifier: GPL-3.0-or-later
// The tests' own tools, tested: who proves others right must be right first.
#include "tests/support/jack_clients.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <numeric>

using namespace crowdjack::test;

TEST_CASE("what a player plays at a frame, a capture hears at that frame, sample by sample") {
    const JackServer server{{.period = 64}};
    std::vector<float> ramp(20'000);
    std::iota(ramp.begin(), ramp.end(), 1.0F);
    Player player{server.name(), "player", {ramp, ramp}};
    Capture capture{server.name(), {.seconds = 20.0}};
    capture.listen_to(player.probe().output(0), 0);
    capture.listen_to(player.probe().output(1), 1);
    const auto start = capture.first_frame() + 9'001;
    player.start_at(start);
    REQUIRE(capture.wait_until(start + 21'000));
    CHECK(capture.first_sound(1, 0) == start);
    std::uint64_t repeated = 0;
    for (std::int64_t i = 0; i < 20'000; ++i) {
        const auto heard = capture.sample(0, start + i);
        // A noisy machine may stop the clock; what it drops shows as a gap. Where it runs the player too late for a
        // cycle, JACK hands on the cycle before, and tells of an xrun.
        if (heard && *heard != ramp[static_cast<std::size_t>(i)]) {
            REQUIRE(heard == capture.sample(0, start + i - server.period()));
            ++repeated;
        }
    }
    CHECK(repeated <= server.period() * capture.xruns());
    CHECK(capture.sample(0, start + 20'000).value_or(0.0F) == 0.0F);
}

TEST_CASE("a server killed hard and started again is a new world for a new client") {
    JackServer server;
    server.kill_hard();
    server.restart({.rate = 44100, .period = 256});
    Capture capture{server.name(), {.seconds = 5.0}};
    CHECK(capture.wait_until(capture.first_frame() + 1000));
    CHECK(jack_get_sample_rate(capture.probe().client()) == 44100);
}

TEST_CASE("a freewheeling server runs ahead of the wall clock") {
    JackServer server;
    const auto frame = server.frame();
    server.freewheel(true);
    CHECK(server.wait_for_frame(frame + 48'000U * 60U));
    server.freewheel(false);
}

TEST_CASE("a child's lines are read as they come, and its end is known") {
    Process process{{"sh", "-c", "echo one; echo two >&2; exec sleep 1000"}};
    CHECK(process.wait_for_line("two") == "two");
    CHECK(process.running());
    CHECK(process.terminate() == 128 + SIGTERM);
    CHECK(process.output() == "one\ntwo\n");
    Process missing{{"no-such-program-anywhere"}};
    CHECK(missing.wait() == 127);
}

TEST_CASE("an OSC client gets what is sent to it, with its types") {
    OscClient one;
    OscClient other;
    one.send(other.url(), "/hello", {1, std::int64_t{2}, 0.5F, 0.25, std::string{"text"}, true, OscNil{}});
    const auto came = other.wait_for("/hello");
    REQUIRE(came);
    CHECK(came->shown() == "/hello 1 2 0.5 0.25 \"text\" T nil");
}

TEST_CASE("position-coded files tell their frame in every sample format") {
    const TemporaryFolder folder;
    for (const auto format : {SampleFormat::pcm16, SampleFormat::pcm24, SampleFormat::pcm32, SampleFormat::float32}) {
        const auto path = folder / "coded.wav";
        write_position_coded(path, 100'000, 48'000, format);
        const auto content = read_audio(path);
        REQUIRE(content.frames() == 100'000);
        const PositionCode code{format};
        for (std::int64_t frame = 0; frame < 100'000; ++frame) {
            const auto i = static_cast<std::size_t>(frame) * 2;
            REQUIRE(code.frame_of(content.interleaved[i], content.interleaved[i + 1]) == frame);
        }
    }
    const PositionCode code{24};
    CHECK_FALSE(code.frame_of(0.0F));
    CHECK_FALSE(code.frame_of(code.left(7) * 0.3F));
}

TEST_CASE("the frequency of a sine is measured to a millihertz") {
    CHECK(measured_hertz(sine(441.0, 2.0, 48'000), 48'000) == doctest::Approx(441.0).epsilon(1e-6));
}

TEST_CASE("the trap springs on each broken promise, names it, and leaves the rest alone") {
    if (armed().environment.empty()) {
        MESSAGE("skipped: no trap in this build (a sanitizer takes its place)");
        return;
    }
    const std::string victim = build_folder() / "tests" / "support" / "trap_victim";
    for (const std::string deed :
         {"malloc", "free", "pthread_mutex_lock", "nanosleep", "fwrite", "sched_yield", "read"}) {
        Process process{{victim, deed}, armed()};
        CHECK(process.wait() == 128 + SIGABRT);
        CHECK_MESSAGE(process.wait_for_line("crowdjack trap: " + deed + " on the audio thread"),
                      deed << process.output());
    }
    Process late{{victim, "late touch"}, armed()};
    CHECK(late.wait() == 0);
    CHECK_MESSAGE(late.wait_for_line("crowdjack trap: 1 minor page faults after the first second"), late.output());
    for (const std::string deed : {"nothing", "exempt", "first touch"}) {
        Process process{{victim, deed}, armed()};
        CHECK_MESSAGE(process.wait() == 0, process.output());
    }
}
