// SPDX-License-Identifier: GPL-3.0-or-later
// T5, the follower's part: how long from a command to the frame at which its line begins, and by how much every deck
// holds the line before that.
#include "tests/bpm-follower/stand_in.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/process.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr int commands = 200;

struct Measured {
    std::vector<double> ahead_ms;   ///< f0 - command
    std::vector<double> margin_ms;  ///< f0 - the frame at which a deck held the line
    double nearest_reserve_ms{};    ///< margin less the decks' reserve, worst
};

double percentile(std::vector<double> values, double part) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

/// Decks in `method` play all the while, so that their reserve is what it is in earnest.
Measured measure(std::uint32_t period, const std::string& method) {
    const JackServer server{{48000, period, "test"}};
    const TemporaryFolder folder;
    write_audio(folder / "clicks.wav", as_channels(click_track(120.0, 120.0, 48000.0), 2), 2, 48000);
    OscClient person;
    std::vector<std::unique_ptr<Process>> decks;
    for (const auto* letter : {"A", "B"}) {
        decks.push_back(std::make_unique<Process>(
            std::vector<std::string>{program_path("crowdjack-deck"), "--server", server.name(), "--name", letter,
                                     "--stretch", method, "--music-dir", folder.path().string()}));
        const auto url = wait_for_client(server.name(), std::string{"deck-"} + letter);
        const auto cued = person.request(url, at::deck_cue, {(folder / "clicks.wav").string(), 0.0, 120.0});
        if (!cued || !cued->is_reply_to(at::deck_cue) || !person.request(url, at::deck_start)) {
            throw std::runtime_error{"deck " + url + " does not play"};
        }
    }
    StandIn deck{server.name(), "deck-C", "deck"};
    const Process follower{{program_path("crowdjack-bpm-follower"), "--server", server.name(), "--osc-port", "0"}};
    const auto url = wait_for_client(server.name(), "bpm-follower");
    // A stand-in that answers, so that its silence isn't taken for a deep reserve.
    if (!deck.osc.wait_for([](const OscReceived& m) { return m.address == at::deck_health; })) {
        throw std::runtime_error{"the follower does not ask its decks"};
    }
    deck.osc.send(url, at::deck_health, {std::string{"stretch_reserve_frames"}, 0.0});

    Measured measured;
    double reserve_ms = 0.0;
    for (int i = 0; i < commands; ++i) {
        // Every line its own moment of the follower's clock.
        if (!server.wait_for_frame(server.frame() + 4800 + static_cast<std::uint32_t>(i * 7 % 480))) {
            throw std::runtime_error{"the server's clock stands still"};
        }
        for (const auto* letter : {"A", "B"}) {
            const auto health =
                person.request(wait_for_client(server.name(), std::string{"deck-"} + letter), at::deck_health);
            reserve_ms = std::max(reserve_ms, health ? health->named("stretch_reserve_frames") / 48.0 : 0.0);
        }
        deck.osc.send(url, at::deck_health, {std::string{"stretch_reserve_frames"}, 0.0});
        const double bpm = 118.0 + i % 8;
        const auto mark = deck.osc.count();
        const auto asked = server.frame();
        person.send(url, at::tempo_set, {bpm});
        const auto line = deck.osc.wait_for(
            [&](const OscReceived& m) {
                return m.address == at::tempo_line && m.arguments.size() == 6 && m.number(5) == bpm &&
                       WireLine::of(m).f0 > asked;
            },
            mark);
        const auto held = server.frame();
        if (!line) {
            throw std::runtime_error{"no line came"};
        }
        const auto f0 = static_cast<double>(WireLine::of(*line).f0);
        measured.ahead_ms.push_back((f0 - asked) / 48.0);
        measured.margin_ms.push_back((f0 - held) / 48.0);
    }
    measured.nearest_reserve_ms = percentile(measured.margin_ms, 0.0) - reserve_ms;
    return measured;
}

}  // namespace

int main() {
    bool good = true;
    for (const auto* method : {"rate", "rubberband", "wsola"}) {
        for (const std::uint32_t period : {128U, 1024U}) {
            const auto measured = measure(period, method);
            const double worst = percentile(measured.ahead_ms, 1.0);
            const bool met = worst <= 250.0 && measured.nearest_reserve_ms > 0.0;
            good = good && met;
            std::printf(
                "| T5 | command → f0, two `%s` decks at %u frames, %d commands | p50 %.0f ms, worst %.0f ms; a deck "
                "holds the line at least %.0f ms before f0, %.0f ms deeper than the decks' reserve | ≤ 250 ms | %s |\n",
                method, period, commands, percentile(measured.ahead_ms, 0.5), worst,
                percentile(measured.margin_ms, 0.0), measured.nearest_reserve_ms, met ? "met" : "MISSED");
            std::fflush(stdout);
        }
    }
    return good ? 0 : 1;
}
