// SPDX-License-Identifier: GPL-3.0-or-later
// C1, C2, C6: what a deck that plays costs, beside do-nothing clients and other players on the same server.
//
// usage: deck_cost [FIGURE]…   (all by default)
#include "tests/bench/cost_rounds.hpp"
#include "tests/support/outsider.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <numeric>
#include <stdexcept>

using namespace crowdjack::test;

namespace {

constexpr int rounds = 5;
constexpr double round_seconds = 4.0;

/// C1. Whom JACK wakes first pays for the processor that it wakes from its sleep, which can be twice what either does:
/// so each pair is two rounds, in either order of opening.
void measure_deck_against_idle() {
    for (const std::uint32_t period : {64U, 128U, 1024U}) {
        const TemporaryFolder music;
        write_track(music, "track.wav", 44'100, 120.0);
        Pairs pairs;
        for (int round = 0; round < rounds; ++round) {
            double deck_load = 0.0;
            double idle_load = 0.0;
            for (const bool deck_first : {round % 2 == 0, round % 2 != 0}) {
                const JackServer server{{.period = period}};
                OscClient osc;
                Crowd idle;
                if (!deck_first) {
                    idle = start_idlers(server, 1);
                }
                const auto deck = start_deck(server, "A", music);
                play(osc, server, "A", (music / "track.wav").string());
                if (deck_first) {
                    idle = start_idlers(server, 1);
                }
                const auto used = loads(server, {deck->pid(), idle.front()->pid()}, round_seconds);
                deck_load += used[0] / 2.0;
                idle_load += used[1] / 2.0;
            }
            pairs.add(deck_load, idle_load);
        }
        print_figure("C1", "deck (rate, 44.1 k file) ÷ do-nothing client, " + std::to_string(period) + " frames",
                     pairs.text(), period == 128 ? "≤ 1.3" : "stated", period != 128 || pairs.ratio() <= 1.3);
    }
}

/// Whatever plays FILE to JACK by itself, without asking.
struct Player {
    std::string name, program;
    std::vector<std::string> command;
    std::string ports;  ///< pattern of its outputs
};

std::vector<Player> players(const std::string& file) {
    return {{"sndfile-jackplay", "sndfile-jackplay", {"sndfile-jackplay", file}, ".*jackplay.*:"},
            {"jack-play", "jack-play", {"jack-play", "-n", "jackplay", file}, "jackplay.*:"},
            {"ecasound",
             "ecasound",
             {"sh", "-c",
              "exec ecasound -q -D -G:jack,ecaplay,notransport -b:128 -f:f32_le,2,44100 -i:\"" + file +
                  "\" -o:jack,system </dev/null"},
             "ecaplay.*:"}};
}

/// C2: the same file at its own rate: one, and four at once.
void measure_deck_against_players() {
    const TemporaryFolder music;
    write_track(music, "track.wav", 44'100, 300.0);
    const auto file = (music / "track.wav").string();
    for (const auto& player : players(file)) {
        for (const int count : {1, 4}) {
            const bool promised = player.name == "sndfile-jackplay" && count == 1;
            const std::string figure = std::to_string(count) + (count == 1 ? " deck" : " decks") + " ÷ as many " +
                                       player.name + ", 128 frames at 44.1 kHz";
            if (std::system(("command -v " + player.program + " >/dev/null").c_str()) != 0) {
                print_absent("C2", figure, player.program);
                continue;
            }
            Pairs pairs;
            for (int round = 0; round < 3; ++round) {
                const JackServer server{{.rate = 44'100, .period = 128, .name = "default"}};
                Crowd others;
                Crowd decks;
                OscClient osc;
                for (int i = 0; i < count; ++i) {
                    others.push_back(std::make_unique<Process>(player.command));
                    decks.push_back(start_deck(server, "X" + std::to_string(i), music));
                    play(osc, server, "X" + std::to_string(i), file);
                }
                if (!eventually([&] { return server.ports(player.ports).size() >= static_cast<std::size_t>(count); })) {
                    throw std::runtime_error{player.name + " does not start: " + others.front()->output()};
                }
                auto all = processes_of(decks);
                const auto theirs = processes_of(others);
                all.insert(all.end(), theirs.begin(), theirs.end());
                const auto used = loads(server, all, round_seconds);
                const auto middle = used.begin() + count;
                pairs.add(std::accumulate(used.begin(), middle, 0.0), std::accumulate(middle, used.end(), 0.0));
            }
            print_figure("C2", figure, pairs.text(), promised ? "< 0.7" : "stated", !promised || pairs.ratio() < 0.7);
        }
    }
}

struct Load {
    double each{};
    std::int64_t skipped{};  ///< frames of the server's clock
    std::int64_t machine{};  ///< frames that a do-nothing witness of another server skipped meanwhile
    double worst{};          ///< callback of any deck ÷ the period
};

using Start = std::function<Crowd(const JackServer&, int)>;

/// `count` clients started by `start` for a while, and a listener.
Load crowd_load(int count, const Start& start, Witness& witness) {
    const JackServer server{{.period = 256}};
    const auto clients = start(server, count);
    const Capture ears{server.name(), {.channels = 1, .seconds = 30.0}};
    const auto begin = ears.first_frame();
    (void)witness.skipped();
    const auto used = loads(server, processes_of(clients), 5.0);
    Load load{std::accumulate(used.begin(), used.end(), 0.0) / count, skipped_frames(ears, begin), witness.skipped()};
    OscClient osc;
    for (int i = 0; i < count && !server.ports("deck-X" + std::to_string(i) + ":.*").empty(); ++i) {
        const auto health = osc.request(wait_for_client(server.name(), "deck-X" + std::to_string(i)), at::deck_health);
        if (health) {
            load.worst = std::max(load.worst, health->named("worst_us") / health->named("budget_us"));
        }
    }
    return load;
}

/// The first of five tries in which nothing was skipped, else the last: a shared machine skips by itself, in bursts.
Load undisturbed_load(int count, const Start& start, Witness& witness) {
    Load load = crowd_load(count, start, witness);
    for (int tries = 1; tries < 5 && load.skipped != 0; ++tries) {
        load = crowd_load(count, start, witness);
    }
    return load;
}

/// C6.
void measure_many_decks() {
    const TemporaryFolder music;
    write_track(music, "track.wav", 44'100, 120.0);
    const auto decks = [&](const JackServer& server, int count) {
        Crowd started;
        OscClient osc;
        for (int i = 0; i < count; ++i) {
            started.push_back(start_deck(server, "X" + std::to_string(i), music));
            play(osc, server, "X" + std::to_string(i), (music / "track.wav").string());
        }
        return started;
    };
    const auto idlers = [](const JackServer& server, int count) { return start_idlers(server, count); };
    Witness witness{256};
    double one = 0.0;
    int most_decks = 0;
    int most_idlers = 0;
    bool flat = true;
    std::string per_deck;
    for (const int count : {1, 2, 4, 8, 16, 24, 32}) {
        const auto playing = undisturbed_load(count, decks, witness);
        const auto resting = undisturbed_load(count, idlers, witness);
        one = count == 1 ? playing.each : one;
        most_decks = playing.skipped == 0 ? count : most_decks;
        most_idlers = resting.skipped == 0 ? count : most_idlers;
        flat = flat && playing.each <= 1.2 * one;
        per_deck += (per_deck.empty() ? "" : ", ") + std::to_string(count) + ": " + in_percent(playing.each);
        print_point("decks", {{"decks", count},
                              {"deck_percent", 100.0 * playing.each},
                              {"idle_percent", 100.0 * resting.each},
                              {"worst_percent", 100.0 * playing.worst},
                              {"skipped", static_cast<double>(playing.skipped)},
                              {"idle_skipped", static_cast<double>(resting.skipped)},
                              {"witness_skipped", static_cast<double>(playing.machine)},
                              {"idle_witness_skipped", static_cast<double>(resting.machine)}});
    }
    print_figure("C6", "CPU per deck at 256 frames", per_deck, "flat ±20 %", flat);
    print_figure("C6", "most decks ÷ most do-nothing clients without a lost sample",
                 std::to_string(most_decks) + " ÷ " + std::to_string(most_idlers), "≥ 0.8",
                 most_decks >= 0.8 * most_idlers);
}

}  // namespace

int main(int count, char** arguments) {
    const std::vector<std::string> chosen{arguments + 1, arguments + count};
    try {
        const std::array<std::pair<std::string, void (*)()>, 3> figures{
            {{"C1", measure_deck_against_idle}, {"C2", measure_deck_against_players}, {"C6", measure_many_decks}}};
        for (const auto& [figure, measure] : figures) {
            if (chosen.empty() || std::find(chosen.begin(), chosen.end(), figure) != chosen.end()) {
                measure();
            }
        }
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "deck_cost: %s\n", failure.what());
        return 1;
    }
    return 0;
}
