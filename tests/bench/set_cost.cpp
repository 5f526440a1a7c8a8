// SPDX-License-Identifier: GPL-3.0-or-later
// C1, C2, C4, C6, C7: what playing costs, as CPU seconds per second of audio beside other clients' on the same server.
#include "tests/set/stage.hpp"
#include "tests/support/figures.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/waves.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <optional>
#include <thread>

using namespace crowdjack::test;

namespace {

constexpr double listening_seconds = 10.0;

/// CPU used per second of the server's clock while `server` runs for a while, by each process.
std::vector<double> loads(const JackServer& server, const std::vector<pid_t>& processes,
                          double seconds = listening_seconds) {
    std::vector<double> before;
    for (const auto process : processes) {
        before.push_back(cpu_seconds_of(process));
    }
    const auto begin = server.frame();
    if (!server.wait_for_frame(begin + static_cast<std::uint32_t>(seconds * server.rate()))) {
        throw std::runtime_error{"the server's clock stands still"};
    }
    const double passed = static_cast<double>(server.frame() - begin) / server.rate();
    std::vector<double> used;
    for (std::size_t i = 0; i < processes.size(); ++i) {
        used.push_back((cpu_seconds_of(processes[i]) - before[i]) / passed);
    }
    return used;
}

std::string in_percent(double load) { return shown(load * 100.0) + " %"; }

/// A do-nothing client in a process of its own, as the decks are.
std::vector<std::string> idle_command(const std::string& server, const std::string& name, int outputs) {
    return {(build_folder() / "tests" / "bench" / "idle_client").string(), server, name, std::to_string(outputs)};
}

std::vector<std::string> deck_command(const JackServer& server, const std::string& letter,
                                      const TemporaryFolder& music) {
    return {program_path("crowdjack-deck"), "--name", letter, "--server", server.name(), "--music-dir",
            music.path().string()};
}

void play(OscClient& osc, const std::string& url, const std::string& file) {
    for (const auto& [command, arguments] :
         {std::pair{at::deck_cue, std::vector<OscValue>{file}}, std::pair{at::deck_start, std::vector<OscValue>{}}}) {
        const auto answer = osc.request(url, command, arguments);
        if (!answer || answer->address != at::reply) {
            throw std::runtime_error{answer ? answer->shown() : std::string{"no answer to "} + command};
        }
    }
}

void write_track(const TemporaryFolder& folder, const char* name, int rate, double seconds) {
    write_audio(folder / name, as_channels(click_track(120.0, seconds, rate), 2), 2, rate, SampleFormat::pcm16);
}

/// A do-nothing client with two ports and a deck that plays, opened in this or the other order: what each costs.
std::pair<double, double> loads_of_idle_and_deck(std::uint32_t period, bool deck_first) {
    const TemporaryFolder music;
    write_track(music, "track.wav", 44'100, 60.0);
    const JackServer server{{.period = period}};
    std::optional<Process> idle;
    const auto open_idle = [&] {
        idle.emplace(idle_command(server.name(), "idle", 2));
        (void)eventually([&] { return server.ports("idle.*").size() == 2; });
    };
    if (!deck_first) {
        open_idle();
    }
    Process deck{deck_command(server, "A", music)};
    OscClient osc;
    play(osc, wait_for_client(server.name(), "deck-A"), (music / "track.wav").string());
    if (deck_first) {
        open_idle();
    }
    const auto used = loads(server, {idle->pid(), deck.pid()});
    return {used[0], used[1]};
}

/// C1, over both orders: whom JACK wakes first pays for the processor that it wakes from its sleep, which can be twice
/// what either does.
void measure_deck_against_idle() {
    for (const std::uint32_t period : {64U, 128U, 1024U}) {
        const auto [second_idle, first_deck] = loads_of_idle_and_deck(period, true);
        const auto [first_idle, second_deck] = loads_of_idle_and_deck(period, false);
        const double ratio = (first_deck + second_deck) / (first_idle + second_idle);
        print_figure("C1", "deck (rate, 44.1 k file) ÷ do-nothing client, " + std::to_string(period) + " frames",
                     shown(ratio) + " (first " + in_percent(first_deck) + " ÷ " + in_percent(first_idle) + ", second " +
                         in_percent(second_deck) + " ÷ " + in_percent(second_idle) + ")",
                     period == 128 ? "≤ 1.5" : "stated", period != 128 || ratio <= 1.5);
    }
}

/// C2: the same file at its own rate, beside sndfile-jackplay.
void measure_deck_against_jackplay() {
    const TemporaryFolder music;
    write_track(music, "track.wav", 44'100, 60.0);
    const auto file = (music / "track.wav").string();
    const JackServer server{{.rate = 44'100, .period = 128, .name = "default"}};
    Process other{{"sndfile-jackplay", file}};
    Process deck{deck_command(server, "A", music)};
    OscClient osc;
    play(osc, wait_for_client(server.name(), "deck-A"), file);
    if (!eventually([&] { return server.ports("jackplay").size() >= 2; })) {
        throw std::runtime_error{"sndfile-jackplay does not start: " + other.output()};
    }
    const auto used = loads(server, {other.pid(), deck.pid()});
    print_figure("C2", "deck ÷ sndfile-jackplay, 128 frames at 44.1 kHz",
                 shown(used[1] / used[0]) + " (" + in_percent(used[1]) + " ÷ " + in_percent(used[0]) + ")", "< 0.7",
                 used[1] / used[0] < 0.7);
}

/// All processes of a playing set; the server's own cost is everybody's and not counted.
std::vector<pid_t> processes_of(const Stage& stage, const std::vector<std::string>& clients) {
    std::vector<pid_t> processes;
    for (const auto& client : clients) {
        processes.push_back(stage.client_pid(client));
    }
    return processes;
}

const std::vector<std::string> whole_set{"deck-A",    "deck-B",       "deck-C", "deck-D",
                                         "mixer-bus", "bpm-follower", "session"};

/// Four decks at slightly different speeds with the EQ engaged.
void play_whole_set(Stage& stage) {
    write_track(stage.folder(), "track.wav", 44'100, 120.0);
    for (const std::string letter : {"A", "B", "C", "D"}) {
        stage.done(stage.deck(letter), at::deck_cue, {(stage.folder() / "track.wav").string(), 0.0, 118.0});
        stage.done(stage.mixer(), at::mixer_gain, {letter, 0.25F});
        stage.done(stage.mixer(), at::mixer_eq, {letter, std::string{"low"}, 40.0F});
    }
    stage.done(stage.front_door(), at::start_group,
               {0.0, std::string{"A"}, std::string{"B"}, std::string{"C"}, std::string{"D"}});
}

/// C4.
void measure_whole_set() {
    constexpr std::array old_with_scipy_eq{std::pair{128U, 0.068}, std::pair{1024U, 0.016}};
    for (const auto& [period, old_load] : old_with_scipy_eq) {
        Stage stage{{.period = period, .decks = {"A", "B", "C", "D"}, .capture_seconds = 5.0}};
        play_whole_set(stage);
        const auto used = loads(stage.server(), processes_of(stage, whole_set));
        const double sum = std::accumulate(used.begin(), used.end(), 0.0);
        std::string parts;
        for (std::size_t i = 0; i < used.size(); ++i) {
            parts += (i == 0 ? "" : ", ") + whole_set[i] + " " + in_percent(used[i]);
        }
        print_figure("C4", "whole set, " + std::to_string(period) + " frames", in_percent(sum) + " (" + parts + ")",
                     "< " + in_percent(old_load), sum < old_load);
    }
}

/// Frames of `seconds` that a recording of `count` clients' first outputs lost, by the listener's clock.
std::int64_t lost_frames(const Capture& capture, std::int64_t from) {
    std::int64_t lost = 0;
    for (const auto& gap : capture.gaps()) {
        lost += gap.came > from ? gap.came - gap.expected : 0;
    }
    return lost;
}

struct Crowd {
    double load_each{};
    bool nothing_lost{};
};

/// `count` clients started by `start` for a while; what each costs and whether the clock stayed whole.
Crowd measure_crowd(int count,
                    const std::function<std::vector<std::unique_ptr<Process>>(const JackServer&, int)>& start) {
    const JackServer server{{.period = 256}};
    const auto clients = start(server, count);
    Capture ears{server.name(), {.channels = 1, .seconds = 30.0}};
    const auto begin = ears.first_frame();
    std::vector<pid_t> processes;
    for (const auto& client : clients) {
        processes.push_back(client->pid());
    }
    const auto used = loads(server, processes, 5.0);
    return {std::accumulate(used.begin(), used.end(), 0.0) / count, lost_frames(ears, begin) == 0};
}

/// C6.
void measure_many_decks() {
    const TemporaryFolder music;
    write_track(music, "track.wav", 44'100, 120.0);
    const auto decks = [&](const JackServer& server, int count) {
        std::vector<std::unique_ptr<Process>> started;
        OscClient osc;
        for (int i = 0; i < count; ++i) {
            const auto name = "X" + std::to_string(i);
            started.push_back(std::make_unique<Process>(deck_command(server, name, music)));
            play(osc, wait_for_client(server.name(), "deck-" + name), (music / "track.wav").string());
        }
        return started;
    };
    const auto idlers = [](const JackServer& server, int count) {
        std::vector<std::unique_ptr<Process>> started;
        for (int i = 0; i < count; ++i) {
            started.push_back(std::make_unique<Process>(idle_command(server.name(), "idle" + std::to_string(i), 2)));
        }
        (void)eventually([&] { return server.ports("idle.*").size() == 2 * static_cast<std::size_t>(count); });
        return started;
    };
    const auto one = measure_crowd(1, decks).load_each;
    int most_decks = 0;
    int most_idlers = 0;
    bool flat = true;
    std::string per_deck;
    for (const int count : {1, 2, 4, 8, 16, 24, 32}) {
        const auto crowd = measure_crowd(count, decks);
        const bool others = measure_crowd(count, idlers).nothing_lost;
        most_decks = crowd.nothing_lost ? count : most_decks;
        most_idlers = others ? count : most_idlers;
        flat = flat && crowd.load_each <= 1.2 * one;
        per_deck += (per_deck.empty() ? "" : ", ") + std::to_string(count) + ": " + in_percent(crowd.load_each);
    }
    print_figure("C6", "CPU per deck at 256 frames", per_deck, "flat ±20 %", flat);
    print_figure("C6", "most decks ÷ most do-nothing clients without a lost sample",
                 std::to_string(most_decks) + " ÷ " + std::to_string(most_idlers), "≥ 0.8",
                 most_decks >= 0.8 * most_idlers);
}

/// C7.
void measure_periods() {
    for (const std::uint32_t period : {64U, 128U, 256U, 512U, 1024U, 2048U}) {
        Stage stage{{.period = period, .decks = {"A", "B", "C", "D"}, .capture_seconds = 60.0}};
        play_whole_set(stage);
        stage.done(stage.mixer(), at::mixer_record_start, {(stage.folder() / "set.wav").string()});
        const auto begin = *stage.ears().end_frame();
        (void)stage.ears().wait_until(begin + 48'000 * 30, Deadline{90'000});
        const auto lost = lost_frames(stage.ears(), begin);
        double worst = 0.0;
        double starved = 0.0;
        for (const std::string letter : {"A", "B", "C", "D"}) {
            const auto health = stage.done(stage.deck(letter), at::deck_health);
            starved += health.named("starved_frames");
            worst = std::max(worst, health.named("worst_us") / health.named("budget_us"));
        }
        print_figure("C7", "30 s, 4 decks + EQ + recording, " + std::to_string(period) + " frames",
                     shown(starved) + " frames starved, worst deck callback " + in_percent(worst) +
                         " of the period; frames that the server's own clock skipped: " + std::to_string(lost),
                     period >= 128 ? "0 starved, 0 skipped" : "stated", period < 128 || (starved == 0.0 && lost == 0));
    }
}

}  // namespace

// usage: set_cost [FIGURE]…   (all by default)
int main(int count, char** arguments) {
    const std::vector<std::string> chosen{arguments + 1, arguments + count};
    try {
        const std::array<std::pair<std::string, void (*)()>, 5> figures{{{"C1", measure_deck_against_idle},
                                                                         {"C2", measure_deck_against_jackplay},
                                                                         {"C4", measure_whole_set},
                                                                         {"C6", measure_many_decks},
                                                                         {"C7", measure_periods}}};
        for (const auto& [figure, measure] : figures) {
            if (chosen.empty() || std::find(chosen.begin(), chosen.end(), figure) != chosen.end()) {
                measure();
            }
        }
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return 1;
    }
    return 0;
}
