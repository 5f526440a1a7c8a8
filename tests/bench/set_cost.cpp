// SPDX-License-Identifier: GPL-3.0-or-later
// C4, C7: what a whole set costs and whether it plays at each period, beside as many do-nothing clients patched alike.
//
// usage: set_cost [FIGURE]…   (all by default)
//        set_cost before BUILD   (what a change brought: the set of this build ÷ that of another build folder, in
//        turns)
#include "tests/bench/cost_rounds.hpp"
#include "tests/set/stage.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <stdexcept>

using namespace crowdjack::test;

namespace {

constexpr int rounds = 5;
constexpr double round_seconds = 5.0;
const std::vector<std::string> deck_letters{"A", "B", "C", "D"};
const std::vector<std::string> whole_set{"deck-A",    "deck-B",       "deck-C", "deck-D",
                                         "mixer-bus", "bpm-follower", "session"};

/// All processes of a playing set; the server's own cost is everybody's and not counted.
std::vector<pid_t> processes_of_set(const Stage& stage) {
    std::vector<pid_t> processes;
    for (const auto& client : whole_set) {
        processes.push_back(stage.client_pid(client));
    }
    return processes;
}

/// Four decks at slightly different speeds with the EQ engaged.
void play_whole_set(Stage& stage) {
    write_track(stage.folder(), "track.wav", 44'100, 120.0);
    for (const auto& letter : deck_letters) {
        stage.done(stage.deck(letter), at::deck_cue, {(stage.folder() / "track.wav").string(), 0.0, 118.0});
        stage.done(stage.mixer(), at::mixer_gain, {letter, 0.25F});
        stage.done(stage.mixer(), at::mixer_eq, {letter, std::string{"low"}, 40.0F});
    }
    stage.done(stage.front_door(), at::start_group,
               {0.0, std::string{"A"}, std::string{"B"}, std::string{"C"}, std::string{"D"}});
}

/// Each client of a set that plays for a while, in the order of `whole_set`.
std::vector<double> loads_of_set(std::uint32_t period) {
    Stage stage{{.period = period, .decks = deck_letters, .capture_seconds = 1.0, .trap = false}};
    play_whole_set(stage);
    return loads(stage.server(), processes_of_set(stage), round_seconds);
}

double load_of_idle_set(std::uint32_t period) {
    const JackServer server{{.period = period}};
    const IdleSet floor{server, static_cast<int>(deck_letters.size())};
    // The set has a listener, too.
    const Capture ears{server.name(), {.channels = 4, .seconds = 1.0}};
    const auto used = loads(server, floor.processes(), round_seconds);
    return std::accumulate(used.begin(), used.end(), 0.0);
}

/// C4: set and floor in turns, each going first in every other pair.
void measure_whole_set() {
    for (const auto& [period, target] : {std::pair{128U, 1.4}, std::pair{1024U, 1.8}}) {
        Pairs pairs;
        std::vector<std::vector<double>> parts(whole_set.size());
        std::vector<double> floors;
        for (int round = 0; round < rounds; ++round) {
            double floor = round % 2 == 0 ? 0.0 : load_of_idle_set(period);
            const auto used = loads_of_set(period);
            floor = round % 2 == 0 ? load_of_idle_set(period) : floor;
            pairs.add(std::accumulate(used.begin(), used.end(), 0.0), floor);
            floors.push_back(floor / static_cast<double>(whole_set.size()));
            for (std::size_t i = 0; i < used.size(); ++i) {
                parts[i].push_back(used[i]);
            }
        }
        const std::string frames = std::to_string(period) + " frames";
        print_figure("C4", "whole set ÷ as many do-nothing clients, " + frames, pairs.text(), "≤ " + shown(target),
                     pairs.ratio() <= target);
        for (std::size_t i = 0; i < whole_set.size(); ++i) {
            const double ratio = median(parts[i]) / median(floors);
            const bool deck = i < deck_letters.size();
            const bool promised = period == 128 && whole_set[i] != "mixer-bus";
            const double limit = deck ? 1.3 : 1.2;
            print_figure("C4", whole_set[i] + " in that set ÷ a do-nothing client of the floor, " + frames,
                         shown(ratio) + " (" + in_percent(median(parts[i])) + " ÷ " + in_percent(median(floors)) + ")",
                         promised ? "≤ " + shown(limit) : "stated", !promised || ratio <= limit);
            print_point("share " + whole_set[i], {{"period", period},
                                                  {"us_per_cycle", median(parts[i]) * period / 48000.0 * 1e6},
                                                  {"floor_us_per_cycle", median(floors) * period / 48000.0 * 1e6}});
        }
    }
}

/// What a period did to a set, or to its floor.
struct Played {
    double load{}, starved{}, worst{};  ///< CPU s/s; frames; callback ÷ period
    std::int64_t skipped{};             ///< frames of the server's clock
};

constexpr double listening_seconds = 15.0;

Played play_at(std::uint32_t period) {
    Stage stage{{.period = period, .decks = deck_letters, .capture_seconds = 2.0 * listening_seconds, .trap = false}};
    play_whole_set(stage);
    stage.done(stage.mixer(), at::mixer_record_start, {(stage.folder() / "set.wav").string()});
    const auto begin = *stage.ears().end_frame();
    const auto used = loads(stage.server(), processes_of_set(stage), listening_seconds);
    Played played{std::accumulate(used.begin(), used.end(), 0.0), 0.0, 0.0, skipped_frames(stage.ears(), begin)};
    for (const auto& letter : deck_letters) {
        const auto health = stage.done(stage.deck(letter), at::deck_health);
        played.starved += health.named("starved_frames");
        played.worst = std::max(played.worst, health.named("worst_us") / health.named("budget_us"));
    }
    return played;
}

Played rest_at(std::uint32_t period) {
    const JackServer server{{.period = period}};
    const IdleSet floor{server, static_cast<int>(deck_letters.size())};
    const Capture ears{server.name(), {.channels = 4, .seconds = 2.0 * listening_seconds}};
    const auto begin = ears.first_frame();
    const auto used = loads(server, floor.processes(), listening_seconds);
    return {std::accumulate(used.begin(), used.end(), 0.0), 0.0, 0.0, skipped_frames(ears, begin)};
}

/// C7.
void measure_periods() {
    for (const std::uint32_t period : {32U, 64U, 128U, 256U, 512U, 1024U, 2048U}) {
        Witness witness{period};
        const auto set = play_at(period);
        const auto machine_with_set = witness.skipped();
        const auto floor = rest_at(period);
        const auto machine_with_floor = witness.skipped();
        const bool met = set.starved == 0.0 && set.skipped <= std::max(machine_with_set, floor.skipped);
        print_figure(
            "C7", shown(listening_seconds) + " s of 4 decks + EQ + recording, " + std::to_string(period) + " frames",
            shown(set.starved, 6) + " frames starved, worst deck callback " + in_percent(set.worst) +
                " of the period; frames skipped by the set's clock " + std::to_string(set.skipped) +
                ", by a witness's meanwhile " + std::to_string(machine_with_set) + "; by as many do-nothing clients' " +
                std::to_string(floor.skipped) + ", by the witness's meanwhile " + std::to_string(machine_with_floor),
            period >= 128 ? "0 starved, no more skipped than by the do-nothing" : "stated", period < 128 || met);
        print_point("periods", {{"period", period},
                                {"starved", set.starved},
                                {"set_percent", 100.0 * set.load},
                                {"floor_percent", 100.0 * floor.load},
                                {"worst_percent", 100.0 * set.worst},
                                {"skipped", static_cast<double>(set.skipped)},
                                {"floor_skipped", static_cast<double>(floor.skipped)},
                                {"witness_skipped", static_cast<double>(machine_with_set)}});
    }
}

void measure_against(const std::string& build) {
    for (const std::uint32_t period : {128U, 1024U}) {
        Pairs pairs;
        std::vector<Pairs> parts(whole_set.size());
        for (int round = 0; round < rounds; ++round) {
            std::array<std::vector<double>, 2> used;  // now, before
            for (const bool before : {round % 2 == 0, round % 2 != 0}) {
                before ? setenv("CROWDJACK_PROGRAMS", build.c_str(), 1) : unsetenv("CROWDJACK_PROGRAMS");
                used[before ? 1 : 0] = loads_of_set(period);
            }
            const auto sum = [](const auto& loads) { return std::accumulate(loads.begin(), loads.end(), 0.0); };
            pairs.add(sum(used[0]), sum(used[1]));
            for (std::size_t i = 0; i < parts.size(); ++i) {
                parts[i].add(used[0][i], used[1][i]);
            }
        }
        const std::string frames = ", " + std::to_string(period) + " frames";
        print_figure("C4", "whole set now ÷ before" + frames, pairs.text(), "stated", true);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            print_figure("C4", whole_set[i] + " now ÷ before" + frames, parts[i].text(), "stated", true);
        }
    }
}

}  // namespace

int main(int count, char** arguments) {
    const std::vector<std::string> chosen{arguments + 1, arguments + count};
    try {
        if (chosen.size() == 2 && chosen.front() == "before") {
            measure_against(chosen.back());
            return 0;
        }
        const std::array<std::pair<std::string, void (*)()>, 2> figures{
            {{"C4", measure_whole_set}, {"C7", measure_periods}}};
        for (const auto& [figure, measure] : figures) {
            if (chosen.empty() || std::find(chosen.begin(), chosen.end(), figure) != chosen.end()) {
                measure();
            }
        }
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "set_cost: %s\n", failure.what());
        return 1;
    }
    return 0;
}
