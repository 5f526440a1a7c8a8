// SPDX-License-Identifier: GPL-3.0-or-later
// Prints T2 (cue to ready, memory) and T4 (phase after a stop and a kill) of a real deck; run isolated.
#include "tests/deck/live_deck.hpp"
#include "tests/support/figures.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace crowdjack::test;

constexpr auto depth = SampleFormat::pcm16;

void cue_times(const JackServer& server, const TemporaryFolder& folder) {
    const auto big = folder / "big.wav";
    write_position_coded(big, 35'700'000, 44100, depth);  // 142.8 MB
    LiveDeck deck{server, folder.path()};
    OscClient osc;
    const auto time_cue = [&](double seconds) {
        const auto begin = std::chrono::steady_clock::now();
        deck.ask(osc, at::deck_cue, {big.string(), seconds});
        return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    };
    const auto memory_before = deck.process().memory().anonymous;
    time_cue(0.0);
    const auto memory_after = deck.process().memory().anonymous;
    std::vector<double> warm;
    std::vector<double> cold;
    for (int i = 0; i < 40; ++i) {
        warm.push_back(time_cue(10.0 * i));
    }
    for (int i = 0; i < 10; ++i) {
        make_cold(big);
        cold.push_back(time_cue(20.0 * i));
    }
    const double added = static_cast<double>(memory_after - std::min(memory_after, memory_before)) / 1e6;
    print_figure("T2", "cue of a 142.8 MB WAV, warm: p50 / p99, ms",
                 shown(median(warm)) + " / " + shown(percentile(warm, 0.99)), "p50 <= 3", median(warm) <= 3.0);
    print_figure("T2", "the same, cold cache", shown(median(cold)) + " / " + shown(percentile(cold, 0.99)), "p50 <= 30",
                 median(cold) <= 30.0);
    print_figure("T2", "private memory added by a cue, MB", shown(added), "<= 6", added <= 6.0);
}

void phase(const JackServer& server, const TemporaryFolder& folder) {
    const auto track = folder / "coded.wav";
    write_position_coded(track, 48'000 * 60, 48000, depth);
    const PositionCode code{depth};
    Capture ears{server.name(), {"ears", 2, 60.0}};
    OscClient osc;
    std::int32_t start = 0;
    const auto hear = [&](const char* what) {
        const std::int64_t from = ears.end_frame().value_or(0);
        std::int64_t frame = 0;
        const bool heard = eventually([&] {
            frame = ears.end_frame().value_or(0) - 1;
            return frame > from && ears.sample(0, frame) && ears.sample(1, frame) &&
                   code.frame_of(*ears.sample(0, frame), *ears.sample(1, frame));
        });
        const auto place = heard ? *code.frame_of(*ears.sample(0, frame), *ears.sample(1, frame)) : -1;
        const std::int64_t off = place - (frame - start);
        print_figure("T4", std::string{"phase after "} + what + ", samples off", std::to_string(off), "0",
                     heard && off == 0);
    };
    for (int life = 0; life < 2; ++life) {
        LiveDeck deck{server, folder.path(), {"--resume"}};
        ears.listen_to(deck.port("out_l"), 0);
        ears.listen_to(deck.port("out_r"), 1);
        if (life == 1) {
            hear("kill -9 and restart");
            return;
        }
        deck.ask(osc, at::deck_cue, {track.string()});
        start = LiveDeck::soon(server);
        deck.ask(osc, at::deck_start, {start});
        static_cast<void>(ears.wait_until(start + 9600));
        deck.process().signal(SIGSTOP);
        static_cast<void>(server.wait_for_frame(server.frame() + 48'000));
        deck.process().signal(SIGCONT);
        hear("1 s of SIGSTOP");
        deck.process().kill_hard();
    }
}

}  // namespace

int main() {
    const TemporaryFolder folder;
    const JackServer server{{48000, 128, "bench"}};
    cue_times(server, folder);
    phase(server, folder);
    return 0;
}
