// SPDX-License-Identifier: GPL-3.0-or-later
// T3 through whole decks: the same drums on four decks, one per tempo method, under a sweeping tempo line in a
// freewheeling server; each drum of a keep-pitch deck against that of the `rate` deck.
#include "tests/deck/live_deck.hpp"
#include "tests/deck/stretch_sounds.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr std::array<const char*, 4> methods{"rate", "rubberband", "rubberband:fast", "wsola"};
constexpr double sweep_s = 30.0;
constexpr double track_bpm = 117.0;

void write_drums(const std::filesystem::path& path, double seconds) {
    const auto sound = drum(60.0 / track_bpm * server_rate);
    std::vector<float> mono(static_cast<std::size_t>(seconds * server_rate));
    for (std::size_t i = 0; i < mono.size(); ++i) {
        mono[i] = static_cast<float>(sound(static_cast<double>(i)));
    }
    write_audio(path, as_channels(mono, 2), 2, 48000);
}

/// The same closed form as the decks have: anchored at `start`, source 0.
Trajectory motion_from(std::int64_t start, std::size_t sweeps) {
    Trajectory motion = sweeping_motion(sweep_s, sweeps, track_bpm);
    TempoMap moved;
    for (std::size_t i = 0; i < motion.tempo.size(); ++i) {
        const TempoLine& line = motion.tempo[i];
        moved.add({line.from() + Frames{start}, line.start_beat(), line.from_bpm(), line.to() + Frames{start},
                   line.to_bpm(), server_rate});
    }
    motion.tempo = moved;
    motion.anchor(JackFrame{start}, 0.0);
    return motion;
}

bool compare(const char* method, const std::vector<double>& errors, const std::vector<double>& rate) {
    std::vector<double> against;
    for (std::size_t i = 0; i < std::min(errors.size(), rate.size()); ++i) {
        against.push_back(errors[i] - rate[i]);
    }
    const double worst = quantile_of_size(against, 1.0);
    const double p95 = quantile_of_size(against, 0.95);
    const double of_16 = greatest_median_of_16(against);
    const bool finer = std::string{method} == "rubberband";
    const bool met = finer ? worst <= 1.0 : of_16 <= 2.0 && p95 <= 15.0;
    std::printf("| T3 | deck %s against deck rate, %zu beats of a sweeping line: worst beat; p95; worst median of 16 | "
                "%.2f ms; %.2f ms; %.2f ms | %s | %s |\n",
                method, against.size(), worst, p95, of_16, finer ? "±1 ms at every beat" : "p95 ±15 ms; median ±2 ms",
                met ? "met" : "MISSED");
    return met;
}

}  // namespace

int main(int argc, char** argv) {
    const double seconds = argc > 1 ? std::atof(argv[1]) : 120.0;
    const auto sweeps = static_cast<std::size_t>(seconds / sweep_s) + 1;
    const auto music = std::filesystem::temp_directory_path() / "stretch_decks";
    std::filesystem::create_directories(music);
    write_drums(music / "drums.wav", 1.2 * seconds + 10.0);
    JackServer server{{48000, 256, "stretch"}};
    OscClient osc;
    Capture capture{server.name(), {"capture", methods.size(), seconds + 60.0}};
    std::vector<LiveDeck> decks;
    for (std::size_t i = 0; i < methods.size(); ++i) {
        const std::string letter{static_cast<char>('A' + i)};
        decks.emplace_back(server, music, std::vector<std::string>{"--stretch", methods[i]}, letter);
        capture.listen_to(decks.back().port("out_l"), i);
        decks.back().ask(osc, at::deck_cue, {(music / "drums.wav").string(), 0.0, track_bpm});
    }
    const std::int64_t start = static_cast<std::int64_t>(server.frame()) + 2 * second;
    const Trajectory motion = motion_from(start, sweeps);
    for (const LiveDeck& deck : decks) {
        for (std::size_t i = 0; i < motion.tempo.size(); ++i) {
            const TempoLine& line = motion.tempo[i];
            osc.send(deck.url(), at::tempo_line,
                     {static_cast<std::int32_t>(i + 1), static_cast<std::int32_t>(line.from().value),
                      line.start_beat().value, line.from_bpm().value, static_cast<std::int32_t>(line.to().value),
                      line.to_bpm().value});
        }
        deck.ask(osc, at::deck_start, {static_cast<std::int32_t>(start)});
    }
    server.freewheel(true);
    const std::int64_t end = start + static_cast<std::int64_t>(seconds * server_rate);
    const bool done = capture.wait_until(end, std::chrono::minutes{20});
    server.freewheel(false);
    if (!done) {
        std::printf("the render did not come to its end\n");
        return 1;
    }
    // The first second belongs to the read head, which stands in until an engine is primed.
    const std::int64_t from = start + second;
    const auto errors_of = [&](std::size_t deck) {
        return beat_errors_ms(capture.samples(deck, from, end), from, motion, 60.0 / track_bpm * server_rate);
    };
    const std::vector<double> rate = errors_of(0);
    bool met = quantile_of_size(rate, 1.0) < 0.05;
    for (std::size_t i = 1; i < methods.size(); ++i) {
        met = compare(methods[i], errors_of(i), rate) && met;
        const auto health = decks[i].ask(osc, at::deck_health);
        std::printf("    %s\n", health.shown().c_str());
    }
    std::printf("    rate against the closed form, worst: %.3f ms\n", quantile_of_size(rate, 1.0));
    std::filesystem::remove_all(music);
    return met ? 0 : 1;
}
