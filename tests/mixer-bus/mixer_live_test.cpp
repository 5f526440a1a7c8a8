// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/mixer-bus/mixer_room.hpp"
#include "tests/support/undisturbed.hpp"

#include <doctest/doctest.h>
#include <jack/metadata.h>

#include <cstdlib>
#include <limits>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {}  // namespace

TEST_CASE("through the server the master is bit for bit the sum of the strips, 64 frames later, as JACK is told") {
    undisturbed([] {
        MixerRoom room;
        constexpr std::size_t frames = 48000;
        const Stereo a{noise(frames, 1), noise(frames, 2)};
        const Stereo b{noise(frames, 3), noise(frames, 4)};
        const auto deck_a = room.player("A", a);
        const auto deck_b = room.player("B", b);
        const auto capture = room.capture();
        const std::int64_t start = room.soon();
        deck_a->start_at(start);
        deck_b->start_at(start);
        REQUIRE(capture->wait_until(start + master_delay + static_cast<std::int64_t>(frames)));
        if (disturbed(*capture)) {
            return false;
        }
        for (std::size_t side = 0; side < 2; ++side) {
            const auto out =
                capture->samples(side, start + master_delay, start + master_delay + static_cast<std::int64_t>(frames));
            std::size_t wrong = 0;
            for (std::size_t i = 0; i < frames; ++i) {
                wrong += out[i] == a[side][i] + b[side][i] ? 0U : 1U;
            }
            CHECK(wrong == 0);
        }
        jack_port_t* const port = jack_port_by_name(room.server.observer(), "mixer-bus:master_l");
        jack_latency_range_t latency{};
        jack_port_get_latency_range(port, JackCaptureLatency, &latency);
        CHECK(jack_nframes_t{latency.max} >= static_cast<jack_nframes_t>(master_delay));
        return true;
    });
}

TEST_CASE("a fade, an EQ kill and a gain told for a frame begin on that frame") {
    undisturbed([] {
        MixerRoom room;
        const auto deck = room.player("A", {Signal(480000, 0.5F), Signal(480000, 0.5F)});
        const auto capture = room.capture();
        const std::int64_t fade = room.soon(0.4);
        deck->start_at(fade - 12000);
        REQUIRE(room.obeys(at::mixer_fade, {"A", 0.0F, 0.1, frame_value(fade)}));
        REQUIRE(room.obeys(at::mixer_gain, {"A", 1.0F, 0.05, frame_value(fade + 9600)}));
        REQUIRE(room.obeys(at::mixer_fade, {"A", 0.25F, 0.1, frame_value(fade + 14400), "equal-power"}));
        REQUIRE(capture->wait_until(fade + 24000));
        if (disturbed(*capture)) {
            return false;
        }
        const auto at = [&](std::int64_t frame) {
            return static_cast<double>(capture->sample(0, frame + master_delay).value_or(NAN));
        };
        CHECK(at(fade) == 0.5);
        CHECK(at(fade + 1) < 0.5);
        CHECK(at(fade + 2400) == doctest::Approx(0.25));
        CHECK(at(fade + 4799) > 0.0);
        CHECK(at(fade + 4800) == 0.0);
        CHECK(at(fade + 9600) == 0.0);
        CHECK(at(fade + 9601) > 0.0);
        CHECK(at(fade + 12000) == 0.5);
        CHECK(at(fade + 14400 + 2400) == doctest::Approx(0.5 * (0.25 + 0.75 * std::cos(std::numbers::pi / 4.0))));
        CHECK(at(fade + 14400 + 4800) == 0.125);
        return true;
    });
}

TEST_CASE("every parameter answers what it was told, and asking changes nothing") {
    MixerRoom room{{"--eq-boost", "6"}};
    CHECK(room.ask(at::mixer_gain, {"A"}).number(1) == 1.0);
    REQUIRE(room.obeys(at::mixer_gain, {"A", 0.5}));
    CHECK(room.ask(at::mixer_gain, {"A"}).number(1) == 0.5);
    REQUIRE(room.obeys(at::mixer_gain, {"a", 2, 0.5F}));
    CHECK(room.ask(at::mixer_gain, {"A"}).number(1) == 2.0);
    REQUIRE(room.obeys(at::mixer_trim, {"mic", 3.5}));
    CHECK(room.ask(at::mixer_trim, {"mic"}).number(1) == 3.5);
    REQUIRE(room.obeys(at::mixer_eq, {"B", "low", 0}));
    REQUIRE(room.obeys(at::mixer_eq, {"B", "high", 75.0F, 0.5, OscNil{}}));
    CHECK(room.ask(at::mixer_eq, {"B", "low"}).number(2) == 0.0);
    CHECK(room.ask(at::mixer_eq, {"B", "high"}).number(2) == doctest::Approx(75.0));
    CHECK(room.ask(at::mixer_filter, {"B", "high"}).number(2) == doctest::Approx(std::pow(10.0, 0.15)));
    REQUIRE(room.obeys(at::mixer_eq_all, {"C", 25.0F, 50.0F, 100.0F}));
    const auto bands = room.ask(at::mixer_eq_all, {"C"});
    CHECK(bands.number(1) == doctest::Approx(25.0));
    CHECK(bands.number(2) == doctest::Approx(50.0));
    CHECK(bands.number(3) == doctest::Approx(100.0));
    REQUIRE(room.obeys(at::mixer_filter, {"D", "mid", 0.5F}));
    CHECK(room.ask(at::mixer_filter, {"D", "mid"}).number(2) == 0.5);
    REQUIRE(room.obeys(at::mixer_mute, {"A", true}));
    CHECK(room.ask(at::mixer_mute, {"A"}).number(1) == 1.0);
    REQUIRE(room.obeys(at::mixer_pfl, {"A", 1}));
    CHECK(room.ask(at::mixer_pfl, {"A"}).number(1) == 1.0);
    REQUIRE(room.obeys(at::mixer_phones, {0.7F, 0.3F}));
    CHECK(room.ask(at::mixer_phones).number(0) == doctest::Approx(0.7));
    CHECK(room.ask(at::mixer_phones).number(1) == doctest::Approx(0.3));
    REQUIRE(room.obeys(at::mixer_master, {0.9F, 0.1}));
    CHECK(room.ask(at::mixer_master).number(0) == doctest::Approx(0.9));
    REQUIRE(room.obeys(at::mixer_limiter, {true, -3.0F}));
    CHECK(room.ask(at::mixer_limiter).number(1) == doctest::Approx(-3.0));
    CHECK(room.ask(at::mixer_state).named("A.gain") == 2.0);
    CHECK(room.ask(at::mixer_health).named("xruns") >= 0.0);
    CHECK(room.ask(at::mixer_tap).text(0) == "recorder");
}

TEST_CASE("what makes no sense is refused by its kind of error, and the mixer stays as it was") {
    MixerRoom room;
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    CHECK(room.error_code(at::mixer_gain, {"Z", 1.0F}) == 2);
    CHECK(room.error_code(at::mixer_gain, {"A", 4.5F}) == 1);
    CHECK(room.error_code(at::mixer_gain, {"A", -0.1F}) == 1);
    CHECK(room.error_code(at::mixer_gain, {"A", "loud"}) == 1);
    CHECK(room.error_code(at::mixer_gain, {"A", 1.0F, 0.0, frame_value(room.soon(660.0))}) == 4);
    CHECK(room.error_code(at::mixer_gain) == 1);
    CHECK(room.error_code(at::mixer_fade, {"A", 0.5F}) == 1);
    CHECK(room.error_code(at::mixer_fade, {"A", 0.5F, 1.0, "wavy"}) == 1);
    CHECK(room.error_code(at::mixer_eq, {"A", "bass", 10.0F}) == 1);
    CHECK(room.error_code(at::mixer_eq, {"A", "low", 101.0F}) == 1);
    CHECK(room.error_code(at::mixer_eq_all, {"A", 1.0F, 2.0F}) == 1);
    CHECK(room.error_code(at::mixer_phones, {1.0F, 1.5F}) == 1);
    CHECK(room.error_code(at::mixer_record_start) == 1);
    CHECK(room.error_code(at::mixer_record_start, {"set.xyz"}) == 1);
    CHECK(room.error_code(at::mixer_record_start, {"/etc/set.wav"}) == 4);
    CHECK(room.error_code(at::mixer_record_start, {"../set.wav"}) == 4);
    CHECK(room.error_code(at::mixer_record_start, {"no/such/folder/set.wav"}) == 2);
    CHECK(room.error_code(at::mixer_record_stop) == 3);
    CHECK(room.error_code(at::mixer_stream_stop) == 3);
    CHECK(room.error_code(at::mixer_stream_start, {"icecast://h/m"}) == 1);
    CHECK(room.error_code("/mixer/nothing") == 2);
    // A string stands in for omitted numbers only where one may follow them.
    CHECK(room.error_code(at::mixer_gain, {"A", 0.5F, "linear"}) == 1);
    CHECK(room.error_code(at::mixer_gain, {"A", 0.5F, 0.1, "now"}) == 1);
    CHECK(room.error_code(at::mixer_fade, {"A", 0.5F, 1.0, "linear", 5}) == 1);
    CHECK(room.error_code(at::mixer_fade, {"A", 0.5F, 1.0, "wavy", "linear"}) == 1);
    CHECK(room.error_code(at::mixer_fade, {"A", 0.5F, 1.0, frame_value(room.soon()), 5}) == 1);
    CHECK(room.error_code(at::mixer_eq, {"A", "low", 10.0F, "soon"}) == 1);
    CHECK(room.error_code(at::mixer_mute, {"A", true, "now"}) == 1);
    CHECK(room.error_code(at::mixer_master, {0.5F, "slowly"}) == 1);
    CHECK(room.error_code(at::mixer_phones, {0.5F, "both"}) == 1);
    CHECK(room.error_code(at::mixer_limiter, {false, "loud"}) == 1);
    CHECK(room.error_code(at::mixer_record_start, {"set.wav", "early"}) == 1);
    CHECK(room.error_code(at::mixer_record_stop, {"now"}) == 1);
    CHECK(room.error_code(at::mixer_stream_start, {"icecast://source:x@127.0.0.1:1/m", 5}) == 1);
    CHECK(room.ask(at::mixer_limiter).number(0) == 1.0);
    room.osc.send(room.url, at::mixer_gain, {"A", nan});
    CHECK(room.ask(at::mixer_gain, {"A"}).number(1) == 1.0);
}

TEST_CASE("sixteen scheduled moves of a parameter are kept, the next is refused") {
    MixerRoom room;
    const std::int64_t later = room.soon(30.0);
    for (int i = 0; i < 16; ++i) {
        REQUIRE(room.obeys(at::mixer_eq, {"A", "low", 20.0F, 1.0, frame_value(later + i * 48000)}));
    }
    CHECK(room.error_code(at::mixer_eq, {"A", "low", 20.0F, 1.0, frame_value(later + 17 * 48000)}) == 4);
    CHECK(room.obeys(at::mixer_eq, {"A", "mid", 20.0F, 1.0, frame_value(later)}));
}

TEST_CASE("three bands told in one command move all or none") {
    MixerRoom room;
    const std::int64_t later = room.soon(30.0);
    for (int i = 0; i < 16; ++i) {
        REQUIRE(room.obeys(at::mixer_eq, {"A", "high", 20.0F, 1.0, frame_value(later + i * 48000)}));
    }
    CHECK(room.error_code(at::mixer_eq_all, {"A", 10.0F, 20.0F, 30.0F}) == 4);
    CHECK(room.ask(at::mixer_eq, {"A", "low"}).number(2) == 50.0);
    CHECK(room.obeys(at::mixer_forget, {"A"}));
    CHECK(room.obeys(at::mixer_eq_all, {"A", 10.0F, 20.0F, 30.0F}));
}

TEST_CASE("a strip that turns into NaN is cleaned, reported, and the others play on bit for bit") {
    undisturbed([] {
        MixerRoom room;
        constexpr std::size_t frames = 48000;
        const Stereo good{noise(frames, 1), noise(frames, 2)};
        Stereo bad{Signal(frames, 0.0F), Signal(frames, 0.0F)};
        std::fill(bad[0].begin() + 10000, bad[0].begin() + 20000, std::numeric_limits<float>::quiet_NaN());
        std::fill(bad[1].begin() + 10000, bad[1].begin() + 20000, 1e38F);
        const auto deck_a = room.player("A", good);
        const auto deck_b = room.player("B", bad);
        const auto capture = room.capture();
        REQUIRE(room.obeys(at::subscribe));
        const std::int64_t start = room.soon();
        deck_a->start_at(start);
        deck_b->start_at(start);
        REQUIRE(capture->wait_until(start + master_delay + static_cast<std::int64_t>(frames)));
        if (disturbed(*capture)) {
            return false;
        }
        const auto out =
            capture->samples(0, start + master_delay, start + master_delay + static_cast<std::int64_t>(frames));
        CHECK(std::equal(out.begin(), out.end(), good[0].begin()));
        CHECK(eventually([&] { return room.ask(at::mixer_health).named("B.cleaned") == 20000.0; }));
        CHECK(room.osc.wait_for(at::mixer_cleaned));
        CHECK(room.mixer->wait_for_line("input-cleaned strip=B"));
        return true;
    });
}

TEST_CASE("a strip whose source vanishes and one that hangs come back by themselves") {
    MixerRoom room;
    constexpr std::size_t frames = 480000;
    const Stereo good{noise(frames, 1), noise(frames, 2)};
    const auto deck_a = room.player("A", good);
    const auto capture = room.capture();
    const std::int64_t start = room.soon();
    deck_a->start_at(start);
    auto deck_b = room.player("B", {Signal(frames, 0.25F), Signal(frames, 0.25F)});
    deck_b->start_at(start);
    REQUIRE(capture->wait_for_sound(0, start + master_delay));
    deck_b.reset();
    deck_b = room.player("B", {Signal(frames, 0.125F), Signal(frames, 0.125F)});
    const std::int64_t again = room.soon();
    deck_b->start_at(again);
    REQUIRE(capture->wait_until(again + master_delay + 4800));
    const auto check_both_from = [&](std::int64_t from) {
        std::size_t heard = 0;
        for (std::int64_t frame = from; frame < from + 4800; ++frame) {
            // Cycles that the machine lost are not there, or silent; whatever sounds is both.
            const float sample = capture->sample(0, frame + master_delay).value_or(0.0F);
            if (sample != 0.0F) {
                REQUIRE(sample == good[0][static_cast<std::size_t>(frame - start)] + 0.125F);
                ++heard;
            }
        }
        CHECK(heard > 2400);
    };
    check_both_from(again);
    deck_b->hang(true);
    const std::int64_t hung = room.soon(0.0);
    REQUIRE(room.server.wait_for_frame(static_cast<std::uint32_t>(hung + 48000)));
    deck_b->hang(false);
    const std::int64_t released = room.soon(0.2);
    REQUIRE(capture->wait_until(released + master_delay + 4800));
    check_both_from(released);
}

TEST_CASE("meters come 25 times a second to subscribers, and on question") {
    MixerRoom room;
    const auto deck = room.player("A", {sine_wave(997.0, 480000, 0.1), sine_wave(997.0, 480000, 0.1)});
    const auto capture = room.capture();
    deck->start_at(room.soon());
    REQUIRE(room.obeys(at::subscribe));
    REQUIRE(eventually([&] {
        const auto meters = room.ask(at::mixer_meters);
        return std::fabs(meters.number(meters.arguments.size() - 1) + 20.0) < 0.2;
    }));
    const auto meters = room.ask(at::mixer_meters);
    CHECK(meters.arguments.size() == 6 * 6 + 1);
    CHECK(meters.text(0) == "A");
    CHECK(meters.number(1) == doctest::Approx(-20.0).epsilon(0.01));
    CHECK(meters.number(3) == doctest::Approx(-23.0).epsilon(0.01));
    CHECK(meters.text(30) == "master");
    CHECK(meters.number(31) == doctest::Approx(-20.0).epsilon(0.01));
    CHECK(meters.number(7) == -120.0);
    const auto begin = room.server.frame();
    const std::size_t mark = room.osc.received(at::mixer_meters).size();
    REQUIRE(eventually([&] { return room.osc.received(at::mixer_meters).size() >= mark + 50; }));
    const double seconds = (room.server.frame() - begin) / 48000.0;
    CHECK(seconds > 1.5);
    CHECK(seconds < 4.0);
}

TEST_CASE("a mixer killed and resumed mixes as before") {
    MixerRoom room;
    REQUIRE(room.obeys(at::mixer_gain, {"A", 0.5F}));
    REQUIRE(room.obeys(at::mixer_eq, {"B", "low", 25.0F}));
    REQUIRE(room.obeys(at::mixer_mute, {"C", true}));
    REQUIRE(room.obeys(at::mixer_limiter, {true, -6.0F}));
    REQUIRE(room.obeys(at::mixer_fade, {"D", 0.25F, 100.0}));
    const auto state = registry_of(room.server.name()) / "mixer-bus.state";
    REQUIRE(eventually([&] {
        return std::filesystem::exists(state) && std::system(("grep -q 0.25 '" + state.string() + "'").c_str()) == 0;
    }));
    room.mixer->kill_hard();
    room.start({"--resume"});
    CHECK(room.ask(at::mixer_gain, {"A"}).number(1) == 0.5);
    CHECK(room.ask(at::mixer_eq, {"B", "low"}).number(2) == doctest::Approx(25.0));
    CHECK(room.ask(at::mixer_mute, {"C"}).number(1) == 1.0);
    CHECK(room.ask(at::mixer_limiter).number(1) == doctest::Approx(-6.0));
    CHECK(room.ask(at::mixer_gain, {"D"}).number(1) == 0.25);
}

TEST_CASE("when the server dies the mixer comes back with its ports and its settings, at another rate and period") {
    MixerRoom room;
    REQUIRE(room.obeys(at::mixer_gain, {"A", 0.5F}));
    room.server.kill_hard();
    room.server.restart({.rate = 44100, .period = 256});
    REQUIRE(room.server.wait_for_port("mixer-bus:phones_r"));
    room.url = wait_for_client(room.server.name(), "mixer-bus");
    CHECK(room.ask(at::mixer_gain, {"A"}).number(1) == 0.5);
    const auto deck = room.player("A", {Signal(44100, 0.5F), Signal(44100, 0.5F)});
    const auto capture = room.capture();
    const std::int64_t start = room.soon();
    deck->start_at(start);
    REQUIRE(capture->wait_for_sound(0, start));
    CHECK(capture->sample(0, start + master_delay) == 0.25F);
}

TEST_CASE("a command that nobody could obey is refused and not remembered as obeyed") {
    MixerRoom room;
    room.server.kill_hard();
    REQUIRE(room.mixer->wait_for_line("jack-server-gone"));
    float accepted = 1.0F;
    int code = 0;
    for (int i = 0; i < 3000 && code == 0; ++i) {  // more than wait for an audio thread that doesn't run
        const float wanted = static_cast<float>(i) / 3000.0F;
        code = room.error_code(at::mixer_gain, {"A", wanted});
        accepted = code == 0 ? wanted : accepted;
    }
    CHECK(code == 5);
    CHECK(room.ask(at::mixer_gain, {"A"}).number(1) == doctest::Approx(static_cast<double>(accepted)));
    CHECK(room.error_code(at::mixer_limiter, {false}) == 5);
    CHECK(room.ask(at::mixer_limiter).number(0) == 1.0);
    room.server.restart({.rate = 48000, .period = 128});
    REQUIRE(room.server.wait_for_port("mixer-bus:phones_r"));
    room.url = wait_for_client(room.server.name(), "mixer-bus");
    CHECK(room.obeys(at::mixer_gain, {"A", 0.25F}));
}

TEST_CASE("ports have their names and their order, and strips are what the command line says") {
    MixerRoom room{{"--strips", "left,right-hand"}};
    const auto ports = room.server.ports("mixer-bus:.*");
    std::vector<std::string> expected;
    for (const std::string name : {"left", "right-hand", "master", "phones", "left_send", "left_return",
                                   "right-hand_send", "right-hand_return"}) {
        expected.insert(expected.end(), {"mixer-bus:" + name + "_l", "mixer-bus:" + name + "_r"});
    }
    CHECK(ports == expected);
    CHECK(room.obeys(at::mixer_gain, {"right-hand", 0.5F}));
}

TEST_CASE("a strip may be called what a JACK port may be called, with or without spaces after the commas") {
    MixerRoom room{{"--strips", "A, line in, Gäste"}};
    for (const std::string strip : {"A", "line in", "Gäste"}) {
        CAPTURE(strip);
        CHECK_FALSE(room.server.ports("mixer-bus:" + strip + "_r").empty());
        CHECK(room.obeys(at::mixer_gain, {strip, 0.5F}));
    }
    room.mixer->terminate();
    room.start({"--strips", "A,line in,Gäste", "--resume"});
    CHECK(room.ask(at::mixer_gain, {"Gäste"}).number(1) == 0.5);
}

TEST_CASE("the tap says what its meters measured, and health what was malformed") {
    MixerRoom room;
    REQUIRE(eventually([&] {
        room.ask(at::mixer_meters);
        return room.ask(at::mixer_tap).number(14) > 0.0;
    }));
    CHECK(room.ask(at::mixer_tap).text(12) == "meters");
    CHECK(room.ask(at::mixer_health).named("osc_malformed") == 0.0);
    OscClient::send_packet(room.url, {'/', 'm', 'i', 'x'});
    CHECK(eventually([&] { return room.ask(at::mixer_health).named("osc_malformed") == 1.0; }));
    // Nobody asks for a second: then it doesn't measure, and lags behind nothing.
    REQUIRE(eventually([&] { return room.ask(at::mixer_tap).text(13) == "idle"; }));
    CHECK(room.ask(at::mixer_tap).number(17) == 0.0);
}

TEST_CASE("a name that a stranger's client has is said to be taken, and taken as soon as it is free") {
    MixerRoom room;
    auto stranger = std::make_unique<IdleClient>(room.server.name(), "bar", 0, 1);
    const std::vector<std::string> command{program_path("crowdjack-mixer-bus"), "--server", room.server.name(),
                                           "--client-name", "bar"};
    Process refused{command};
    CHECK(refused.wait() == 1);
    CHECK(refused.wait_for_line("a JACK client named 'bar' runs on server"));
    Process patient{command};
    stranger.reset();  // as a client that was just killed lingers for a moment
    CHECK_FALSE(wait_for_client(room.server.name(), "bar").empty());
}

TEST_CASE("bad command lines end with exit code 2 and say why") {
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--strips", "A,A"},
                                                      {"--strips", "A:B"},
                                                      {"--strips", "A,phones"},
                                                      {"--strips", "A, ,B"},
                                                      {"--strips", ""},
                                                      {"--eq-boost", "99"},
                                                      {"--record", "set.xyz"},
                                                      {"--crossover-low", "1500"},
                                                      {"--osc-bind", "0.0.0.0"},
                                                      {"--no-such"}}) {
        std::vector<std::string> command{program_path("crowdjack-mixer-bus")};
        command.insert(command.end(), arguments.begin(), arguments.end());
        Process mixer{command};
        CHECK(mixer.wait() == 2);
        CHECK(mixer.wait_for_line("crowdjack-mixer-bus: "));
    }
}
