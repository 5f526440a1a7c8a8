// SPDX-License-Identifier: GPL-3.0-or-later
// C2: two tracks cross-faded and streamed to Icecast as Vorbis: two decks, mixer and their JACK server beside
// liquidsoap, which does it in one process without a sound card, over the same seconds.
#include "tests/bench/cost_rounds.hpp"
#include "tests/mixer-bus/icecast.hpp"
#include "tests/support/outsider.hpp"

#include <cstdio>
#include <fstream>
#include <numeric>
#include <stdexcept>

using namespace crowdjack::test;

namespace {

constexpr int port = 8723;
constexpr double listening_seconds = 10.0;

/// Plays short tracks one into the other for ever.
std::unique_ptr<Process> start_liquidsoap(const TemporaryFolder& folder) {
    write_track(folder, "one.wav", 44'100, 10.0);
    write_track(folder, "two.wav", 44'100, 10.0);
    std::ofstream{folder / "list.m3u"} << (folder / "one.wav").string() << "\n"
                                       << (folder / "two.wav").string() << "\n";
    std::ofstream{folder / "set.liq"}
        << "set(\"init.allow_root\", true)\nset(\"log.stdout\", true)\nset(\"log.file\", false)\n"
        << "s = crossfade(duration=4., fade_in=3., fade_out=3., playlist(\"" << (folder / "list.m3u").string()
        << "\"))\n"
        << "output.icecast(%vorbis(samplerate=48000, channels=2, quality=0.6), host=\"127.0.0.1\", port=" << port
        << ", password=\"hackme\", mount=\"other\", mksafe(s))\n";
    return std::make_unique<Process>(std::vector<std::string>{"liquidsoap", (folder / "set.liq").string()});
}

bool streams(const Icecast& icecast, const std::string& mount) {
    return eventually([&] { return icecast.status().find("/" + mount) != std::string::npos; }, Deadline{40'000});
}

void measure() {
    const TemporaryFolder folder;
    Icecast icecast{folder.path(), port, "hackme"};
    icecast.start();
    const auto liquidsoap = start_liquidsoap(folder);
    if (!streams(icecast, "other")) {
        throw std::runtime_error{"liquidsoap does not stream: " + liquidsoap->output()};
    }
    JackServer server{{.period = 1024}};
    write_track(folder, "track.wav", 44'100, 120.0);
    Crowd ours;
    OscClient osc;
    ours.push_back(std::make_unique<Process>(
        std::vector<std::string>{program_path("crowdjack-mixer-bus"), "--server", server.name(), "--strips", "A,B"}));
    const auto mixer = wait_for_client(server.name(), "mixer-bus");
    for (const std::string letter : {"A", "B"}) {
        ours.push_back(start_deck(server, letter, folder));
        for (const std::string side : {"l", "r"}) {
            server.connect("deck-" + letter + ":out_" + side, "mixer-bus:" + letter + "_" + side);
        }
        play(osc, server, letter, (folder / "track.wav").string());
    }
    (void)osc.request(mixer, at::mixer_stream_start, {icecast.url("ours"), std::string{"vorbis"}});
    if (!streams(icecast, "ours")) {
        throw std::runtime_error{"the mixer does not stream: " + ours.front()->output()};
    }
    auto processes = processes_of(ours);
    processes.push_back(server.process().pid());
    processes.push_back(liquidsoap->pid());
    Pairs pairs;
    for (int round = 0; round < 3; ++round) {
        for (const std::string letter : {"A", "B"}) {
            (void)osc.request(mixer, at::mixer_fade,
                              {letter, (round % 2 == 0) == (letter == "A") ? 0.0F : 1.0F, listening_seconds});
        }
        const auto used = loads(server, processes, listening_seconds);
        pairs.add(std::accumulate(used.begin(), used.end() - 1, 0.0), used.back());
    }
    print_figure("C2", "two decks cross-faded and streamed (Vorbis), with their JACK server ÷ liquidsoap", pairs.text(),
                 "stated", true);
}

}  // namespace

int main() {
    if (std::system("command -v liquidsoap >/dev/null") != 0 || !Icecast::possible()) {
        print_absent("C2", "two decks cross-faded and streamed ÷ liquidsoap", "liquidsoap, or icecast2,");
        return 0;
    }
    try {
        measure();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "peer_stream: %s\n", failure.what());
        return 1;
    }
    return 0;
}
