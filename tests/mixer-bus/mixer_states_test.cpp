// SPDX-License-Identifier: GPL-3.0-or-later
// No message kills the mixer, whatever it is doing: no JACK yet, the server gone, ending.
#include "tests/mixer-bus/mixer_room.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <limits>
#include <random>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

const std::vector<std::string> addresses{
    "/mixer/gain",         "/mixer/trim",        "/mixer/pan",         "/mixer/fade",          "/mixer/eq",
    "/mixer/filter",       "/mixer/eq_all",      "/mixer/forget",      "/mixer/mute",          "/mixer/pfl",
    "/mixer/solo",         "/mixer/master",      "/mixer/phones",      "/mixer/limiter",       "/mixer/silence",
    "/mixer/record/start", "/mixer/record/stop", "/mixer/stream/stop", "/mixer/nowplaying",    "/mixer/meters",
    "/mixer/tap",          "/mixer/state",       "/mixer/health",      "/tempo/line",          "/subscribe",
    "/mixer/A/gain",       "/mixer/a/fade",      "/mixer/A/eq/low",    "/mixer/A/filter/high", "/mixer/MIC/mute",
    "/mixer/stream/start", "/mixer/A/solo",      "/mixer/nothing"};

/// Arguments such as senders mean them, and such as they don't.
std::vector<OscValue> some_arguments(std::mt19937& random) {
    const std::vector<OscValue> values{"A",
                                       "mic",
                                       "low",
                                       "Z",
                                       "night-%H%M.flac",
                                       0.0F,
                                       1.0F,
                                       0.5,
                                       -1.0,
                                       0,
                                       1,
                                       -5,
                                       std::int64_t{1} << 40,
                                       true,
                                       false,
                                       OscNil{},
                                       600.0,
                                       1e30F,
                                       std::numeric_limits<float>::quiet_NaN(),
                                       "\x1b[31m",
                                       "equal-power",
                                       "icecast://source:x@127.0.0.1:1/m"};
    std::vector<OscValue> arguments(random() % 5);
    for (auto& argument : arguments) {
        argument = values[random() % values.size()];
    }
    return arguments;
}

/// Asks everything without arguments and with a strip, then sends what comes.
void fuzz(OscClient& osc, const std::string& url, unsigned seed, int messages) {
    for (const auto& address : addresses) {
        osc.send(url, address);
        osc.send(url, address, {"A"});
        osc.send(url, address, {"A", "low"});
    }
    std::mt19937 random{seed};
    for (int i = 0; i < messages; ++i) {
        osc.send(url, addresses[random() % addresses.size()], some_arguments(random));
        if (i % 50 == 49) {  // so that none is dropped on the way
            (void)osc.request(url, "/mixer/state");
        }
    }
}

bool answers(OscClient& osc, const std::string& url) { return osc.request(url, "/mixer/state").has_value(); }

}  // namespace

TEST_CASE("no message kills a mixer that waits for its session manager and has no JACK yet") {
    const JackServer server;
    const TemporaryFolder folder;
    OscClient manager;
    Process::Options options;
    options.environment = {{"NSM_URL", manager.url()}};
    options.folder = folder.path();
    Process mixer{{program_path("crowdjack-mixer-bus"), "--server", server.name(), "--osc-port", "57990"},
                  armed(options)};
    REQUIRE(manager.wait_for("/nsm/server/announce"));
    const std::string url = "osc.udp://127.0.0.1:57990/";
    OscClient osc;
    const auto fade = osc.request(url, "/mixer/fade", {"A"});
    REQUIRE(fade);
    CHECK(fade->text(0) == "A");
    fuzz(osc, url, 1, 500);
    CHECK(answers(osc, url));
    OscClient other;  // answers to what the fuzz said of it may still come to the first
    const auto refused = other.request(url, "/mixer/record/start", {"set.wav"});
    REQUIRE(refused);
    CHECK(refused->number(1) == 3.0);
    CHECK(mixer.terminate() == 0);
}

TEST_CASE("no message kills a running mixer, one whose server is gone, or one that it comes back to") {
    MixerRoom room;
    fuzz(room.osc, room.url, 2, 1000);
    CHECK(answers(room.osc, room.url));
    room.server.kill_hard();
    fuzz(room.osc, room.url, 3, 500);
    REQUIRE(room.mixer->wait_for_line("jack-server-gone"));
    fuzz(room.osc, room.url, 4, 1000);
    CHECK(answers(room.osc, room.url));
    room.server.restart({.rate = 44100, .period = 512});
    fuzz(room.osc, room.url, 5, 1000);
    REQUIRE(room.server.wait_for_port("mixer-bus:master_r"));
    fuzz(room.osc, room.url, 6, 1000);
    CHECK(answers(room.osc, room.url));
    CHECK(room.mixer->running());
}

TEST_CASE("no message kills a mixer while it ends, with a recording and without a server") {
    for (const bool with_server : {true, false}) {
        MixerRoom room;
        REQUIRE(room.obeys("/mixer/record/start", {"set.wav"}));
        if (!with_server) {
            room.server.kill_hard();
            REQUIRE(room.mixer->wait_for_line("jack-server-gone"));
        }
        room.mixer->signal(SIGTERM);
        std::mt19937 random{7};
        for (int i = 0; i < 300 && room.mixer->running(); ++i) {
            room.osc.send(room.url, addresses[random() % addresses.size()], some_arguments(random));
        }
        CHECK(room.mixer->wait() == 0);
    }
}
