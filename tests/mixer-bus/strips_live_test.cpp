// SPDX-License-Identifier: GPL-3.0-or-later
// Strips as a controller and a plug-in meet them: addresses that name the strip, solo, pan, inserts, silence.
#include "tests/mixer-bus/mixer_room.hpp"
#include "tests/support/undisturbed.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

/// What the master gives for long enough, on each side.
bool settles_at(const Capture& capture, const MixerRoom& room, std::array<float, 2> level) {
    return eventually([&] {
        const std::int64_t now = room.soon(0.0);
        if (!capture.wait_until(now)) {
            return false;
        }
        for (std::size_t side = 0; side < 2; ++side) {
            const auto samples = capture.samples(side, now - 1000, now);
            if (!std::all_of(samples.begin(), samples.end(),
                             [&](float x) { return std::fabs(x - level[side]) < 1e-6F; })) {
                return false;
            }
        }
        return true;
    });
}

}  // namespace

TEST_CASE("a strip may stand in the address, and the answer names the address that was asked") {
    MixerRoom room;
    REQUIRE(room.obeys("/mixer/A/gain", {0.5F}));
    CHECK(room.ask(at::mixer_gain, {"A"}).number(1) == 0.5);
    const auto answer = room.ask("/mixer/A/gain");
    CHECK(answer.address == "/mixer/A/gain");
    CHECK(answer.number(0) == 0.5);
    REQUIRE(room.obeys("/mixer/b/eq/low", {0.0F}));
    CHECK(room.ask(at::mixer_eq, {"B", "low"}).number(2) == 0.0);
    CHECK(room.ask("/mixer/B/eq/low").number(0) == 0.0);
    REQUIRE(room.obeys("/mixer/B/eq", {"mid", 25.0F}));
    CHECK(room.ask("/mixer/B/eq").number(1) == doctest::Approx(25.0));
    CHECK(room.ask("/mixer/B/eq_all").number(1) == doctest::Approx(25.0));
    REQUIRE(room.obeys("/mixer/MIC/mute", {true}));
    CHECK(room.ask("/mixer/mic/mute").number(0) == 1.0);
    REQUIRE(room.obeys("/mixer/mic/mute", {0.0F}));
    CHECK(room.ask(at::mixer_mute, {"mic"}).number(1) == 0.0);
    REQUIRE(room.obeys("/mixer/C/fade", {0.25F, 0.01}));
    REQUIRE(room.obeys("/mixer/D/filter/high", {0.5F}));
    CHECK(room.ask(at::mixer_filter, {"D", "high"}).number(2) == 0.5);
    REQUIRE(room.obeys("/mixer/D/pan", {-0.25F}));
    CHECK(room.ask(at::mixer_pan, {"D"}).number(1) == -0.25);
    CHECK(room.error_code("/mixer/A/pan", {1.5F}) == 1);
    CHECK(room.error_code("/mixer/A/gain", {9.0F}) == 1);
    CHECK(room.error_code("/mixer/E/gain", {0.5F}) == 2);
    CHECK(room.error_code("/mixer/A/eq/bass", {0.5F}) == 1);
    CHECK(room.error_code("/mixer/A/gain", {0.5F, 0.1, 1.0F}) == 1);  // a float is no frame
    CHECK(room.error_code(at::mixer_fade, {"A", 0.5F, 1.0, 48000.0}) == 1);
    CHECK(room.ask(at::mixer_gain, {"A"}).number(1) == 0.5);
}

TEST_CASE("solo silences the others in place and gives them back, and is what a killed mixer comes back with") {
    MixerRoom room;
    const auto a = room.player("A", {Signal(2880000, 0.25F), Signal(2880000, 0.25F)});
    const auto b = room.player("B", {Signal(2880000, 0.5F), Signal(2880000, 0.5F)});
    const auto capture = room.capture();
    const std::int64_t start = room.soon();
    a->start_at(start);
    b->start_at(start);
    REQUIRE(settles_at(*capture, room, {0.75F, 0.75F}));
    REQUIRE(room.obeys(at::mixer_solo, {"A", true}));
    CHECK(settles_at(*capture, room, {0.25F, 0.25F}));
    REQUIRE(room.obeys("/mixer/B/solo", {1.0F}));
    CHECK(settles_at(*capture, room, {0.75F, 0.75F}));
    REQUIRE(room.obeys("/mixer/A/solo", {false}));
    CHECK(settles_at(*capture, room, {0.5F, 0.5F}));
    CHECK(room.ask(at::mixer_solo, {"B"}).number(1) == 1.0);
    CHECK(room.ask(at::mixer_state).named("B.solo") == 1.0);
    REQUIRE(room.obeys(at::mixer_pan, {"B", 1.0F}));
    CHECK(settles_at(*capture, room, {0.0F, 0.5F}));
    const auto state = registry_of(room.server.name()) / "mixer-bus.state";
    REQUIRE(eventually([&] { return std::system(("grep -q '\"pan\": 1.0' '" + state.string() + "'").c_str()) == 0; }));
    room.mixer->kill_hard();
    room.start({"--resume"});
    CHECK(room.ask(at::mixer_solo, {"B"}).number(1) == 1.0);
    CHECK(room.ask(at::mixer_solo, {"A"}).number(1) == 0.0);
    CHECK(room.ask(at::mixer_pan, {"B"}).number(1) == 1.0);
}

TEST_CASE("an insert patched in takes the strip through it, and the strip is itself again when it goes") {
    MixerRoom room;
    const auto a = room.player("A", {Signal(2880000, 0.5F), Signal(2880000, 0.5F)});
    const auto b = room.player("B", {Signal(2880000, 0.125F), Signal(2880000, 0.125F)});
    const auto capture = room.capture();
    const std::int64_t start = room.soon();
    a->start_at(start);
    b->start_at(start);
    REQUIRE(settles_at(*capture, room, {0.625F, 0.625F}));
    {
        JackProbe halver{room.server.name(), "plug-in", 2, 2, [](const JackProbe::Cycle& cycle) {
                             for (std::size_t side = 0; side < 2; ++side) {
                                 for (std::uint32_t i = 0; i < cycle.frames; ++i) {
                                     cycle.outputs[side][i] = cycle.inputs[side][i] / 2.0F;
                                 }
                             }
                         }};
        halver.connect("mixer-bus:A_send_l", halver.input(0));
        halver.connect("mixer-bus:A_send_r", halver.input(1));
        CHECK(settles_at(*capture, room, {0.625F, 0.625F}));  // a send alone changes nothing
        halver.connect(halver.output(0), "mixer-bus:A_return_l");
        halver.connect(halver.output(1), "mixer-bus:A_return_r");
        CHECK(settles_at(*capture, room, {0.375F, 0.375F}));
        REQUIRE(room.obeys("/mixer/A/gain", {0.5F}));  // the insert lies before the fader
        CHECK(settles_at(*capture, room, {0.25F, 0.25F}));
        REQUIRE(room.obeys("/mixer/A/gain", {1.0F}));
    }
    CHECK(settles_at(*capture, room, {0.625F, 0.625F}));  // the plug-in died: its strip plays on
    jack_port_t* const master = jack_port_by_name(room.server.observer(), "mixer-bus:master_l");
    jack_latency_range_t latency{};
    jack_port_get_latency_range(master, JackCaptureLatency, &latency);
    CHECK(jack_nframes_t{latency.max} < 10000);  // the way round the insert is not counted again and again
}

TEST_CASE("a silent master is told after the time asked for, and so is its return") {
    MixerRoom room;
    REQUIRE(room.obeys(at::subscribe));
    const auto unasked = room.ask(at::mixer_silence);
    CHECK(unasked.number(0) == -60.0);
    CHECK(unasked.number(1) == 15.0);
    REQUIRE(room.obeys(at::mixer_silence, {-40.0F, 0.5F}));
    REQUIRE(room.osc.wait_for(at::mixer_silent));
    const std::size_t mark = room.osc.count();
    const auto quiet = room.player("A", {Signal(960000, 0.005F), Signal(960000, 0.005F)});  // -46 dBFS: silence still
    quiet->start_at(room.soon());
    const auto loud = room.player("B", {Signal(24000, 0.05F), Signal(24000, 0.05F)});
    const std::int64_t start = room.soon(1.0);
    loud->start_at(start);
    REQUIRE(room.osc.wait_for(at::mixer_sounding, mark));
    CHECK(static_cast<std::int64_t>(room.server.frame()) + room.server.period() > start);  // not before that cycle
    REQUIRE(room.osc.wait_for(at::mixer_silent, mark));
    CHECK(room.ask(at::mixer_state).named("silent") == 1.0);
    CHECK(room.error_code(at::mixer_silence, {10.0F}) == 1);
    CHECK(room.error_code(at::mixer_silence, {-60.0F, 0.0F}) == 1);
}

TEST_CASE("the end is a fade to silence before the ports go, at every period") {
    for (const std::uint32_t period : {64U, 2048U, 8192U}) {
        CAPTURE(period);
        undisturbed([period] {
            MixerRoom room{{}, period};
            const Signal tone = sine_wave(440.0, 480000);
            const auto deck = room.player("A", {tone, tone});
            const auto capture = room.capture();
            deck->start_at(room.soon());
            REQUIRE(capture->wait_for_sound(0, room.soon(0.0)));
            const std::int64_t begin = capture->first_sound(0, capture->first_frame()).value() + 4800;
            REQUIRE(capture->wait_until(room.soon(0.4)));
            CHECK(room.mixer->terminate() == 0);
            std::int64_t end = room.soon(0.0);
            REQUIRE(capture->wait_until(end));
            for (const auto& gap : capture->gaps()) {  // as its client goes, JACK may leave out cycles: after the fade
                end = gap.expected > begin ? std::min(end, gap.expected) : end;
            }
            const Signal heard = capture->samples(0, begin, end);
            const bool whole = std::none_of(heard.begin(), heard.end(), [](float x) { return std::isnan(x); });
            const bool faded = whole && !heard.empty() && heard.back() == 0.0F;
            const bool smooth = faded && roughness(heard) < click_at_80_db;
            if (!smooth && disturbed(*capture)) {
                return false;
            }
            CHECK(whole);
            CHECK(faded);
            CHECK(smooth);
            return true;
        });
    }
}
