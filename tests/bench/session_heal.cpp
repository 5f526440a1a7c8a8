// SPDX-License-Identifier: GPL-3.0-or-later
// R2, R3, R4: clients killed and hung while they play, the server killed; how long until all is heard again.
// usage: session_heal [TIMES [kill|hang|mixer|server|open…]]   (default 100 each, all; 500 of open)
#include "tests/session/session_room.hpp"
#include "tests/support/figures.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>
#include <thread>

using namespace crowdjack::test;

namespace {

using Clock = std::chrono::steady_clock;

/// A row of the table: how long it took each time, and how often it did not come about.
struct Healing {
    std::string id, figure;
    double most_p99_ms{};           ///< what is promised
    double most_elsewhere_ms{0.0};  ///< the silence of others meanwhile
};

void print(const Healing& healing, const std::vector<double>& milliseconds, int failures) {
    const double p99 = percentile(milliseconds, 0.99);
    print_figure(healing.id,
                 healing.figure + ", " + std::to_string(milliseconds.size()) + " times: p50; p99; worst; failed",
                 shown(median(milliseconds)) + " ms; " + shown(p99) + " ms; " + shown(percentile(milliseconds, 1.0)) +
                     " ms; " + std::to_string(failures),
                 "p99 ≤ " + shown(healing.most_p99_ms, 4) + " ms; 0 failed",
                 failures == 0 && !milliseconds.empty() && p99 <= healing.most_p99_ms);
}

/// Plays a coded file on both decks. @returns the common frame, 0 when it did not start
std::int64_t play_both(SessionRoom& room) {
    const std::string left = room.coded_track("left.wav", CodedChannels::left_only, 170.0);
    const std::string right = room.coded_track("right.wav", CodedChannels::right_only, 170.0);
    (void)room.ask(at::cue, {std::string{"A"}, left});
    (void)room.ask(at::cue, {std::string{"B"}, right});
    const auto started = room.ask(at::start_group, {0.1F, std::string{"A"}, std::string{"B"}});
    return started && started->is_reply_to(at::start_group) ? static_cast<std::int64_t>(started->number(1)) : 0;
}

/// The file's length in frames: it loops, so positions count modulo this.
constexpr std::int64_t track_frames = 170 * 48000;

/// Sends `signal_number` to deck A again and again; measures from the signal until it is heard in phase again.
void disturb_deck(const Healing& healing, int signal_number, int times) {
    std::vector<double> healed;
    std::vector<double> other_silent;
    int failures = 0;
    SessionRoom room{128};
    (void)room.wait_until_whole();
    const std::int64_t frame = play_both(room);
    for (int i = 0; i < times; ++i) {
        Capture capture{"test", {"capture", 2, 12.0}};
        capture.listen_to("mixer-bus:master_l", 0);
        capture.listen_to("mixer-bus:master_r", 1);
        (void)eventually([&] { return capture.end_frame().has_value(); });
        (void)capture.wait_until(capture.first_frame() + 24000);
        const std::int64_t at = capture.end_frame().value();
        const pid_t pid = SessionRoom::signal("deck-A", signal_number);
        (void)SessionRoom::wait_for_successor("deck-A", pid);
        std::optional<std::int64_t> back;
        const auto found = eventually(
            [&] {
                const std::int64_t end = capture.end_frame().value() - mixer_latency;
                bool lost = false;  // what is heard before it fell silent is not its return
                for (std::int64_t f = at; f < end && !back; ++f) {
                    const auto position = heard(capture, 0, f);
                    lost = lost || !position;
                    if (lost && position && (f - frame - *position) % track_frames == 0) {
                        back = f;
                    }
                }
                return back.has_value();
            },
            Deadline{8000});
        if (!found) {
            ++failures;
            continue;
        }
        healed.push_back(static_cast<double>(*back - at) / 48.0);
        other_silent.push_back(static_cast<double>(longest_silence(capture, 1, at - 4800, *back)) / 48.0);
    }
    print(healing, healed, failures);
    print({healing.id, "the other deck's longest silence meanwhile", healing.most_elsewhere_ms}, other_silent, 0);
}

void kill_client(const Healing& healing, const std::string& client, int times) {
    std::vector<double> back;
    int failures = 0;
    SessionRoom room{128};
    (void)room.wait_until_whole();
    (void)play_both(room);
    for (int i = 0; i < times; ++i) {
        const auto at = Clock::now();
        const pid_t pid = SessionRoom::signal(client, SIGKILL);
        const bool whole = SessionRoom::wait_for_successor(client, pid) && room.wait_until_whole() &&
                           eventually([&] { return room.all_connected(); });
        if (whole) {
            back.push_back(std::chrono::duration<double, std::milli>(Clock::now() - at).count());
        }
        failures += whole ? 0 : 1;
        const auto next = Clock::now() + std::chrono::milliseconds{700};
        (void)eventually([&] { return Clock::now() > next; });
    }
    print(healing, back, failures);
}

void kill_server(int times) {
    std::vector<double> back;
    int failures = 0;
    SessionRoom room{128};
    (void)room.wait_until_whole();
    (void)play_both(room);
    for (int i = 0; i < times; ++i) {
        room.close_observer();
        const pid_t server = room.server_pid();
        if (server <= 0) {
            ++failures;
            break;
        }
        ::kill(server, SIGKILL);
        const auto at = Clock::now();
        const bool whole = eventually([&] { return room.server_pid() != server; }) && room.wait_until_connected();
        back.push_back(std::chrono::duration<double, std::milli>(Clock::now() - at).count());
        failures += whole ? 0 : 1;
        const auto next = Clock::now() + std::chrono::milliseconds{700};
        (void)eventually([&] { return Clock::now() > next; });
    }
    print({"R4", "jackd killed → the whole graph is back, from the kill", 2000.0}, back, failures);
    // Nothing but the server was killed, so nothing else may have ended.
    for (const auto& line : room.session->lines()) {
        if (line.find("client-ended") != std::string::npos || line.find("terminate called") != std::string::npos) {
            std::printf("  beside the server ended: %s\n", line.c_str());
        }
    }
    if (!room.session->running()) {
        std::printf("  the session itself ended:\n%s\n", room.session->output().c_str());
    }
}

/// Decks killed at any moment of their start, five times as many: does anything hang afterwards?
void kill_while_opening(int times) {
    SessionRoom room{128};
    (void)room.wait_until_whole();
    std::mt19937 random{7};
    std::uniform_int_distribution<int> microseconds{0, 60'000};
    int stuck = 0;
    for (int i = 0; i < 5 * times; ++i) {
        Process deck{{program_path("crowdjack-deck"), "--server", "test", "--name", "Z"}};
        std::this_thread::sleep_for(std::chrono::microseconds{microseconds(random)});  // the moment, not a judgement
        deck.kill_hard();
        if (i % 50 == 49) {  // whoever comes now must come in, and the session must still be whole
            Process next{{program_path("crowdjack-deck"), "--server", "test", "--name", "Y"}};
            if (!next.wait_for_line(" ready ") || !room.wait_until_whole()) {
                std::printf("  after %d kills: patch '%s'; the next deck says: %s\n", i + 1, room.patch().c_str(),
                            next.output().c_str());
                ++stuck;
            }
        }
    }
    print_figure("R4", "decks killed while they open: kills; times that something was stuck afterwards",
                 std::to_string(5 * times) + "; " + std::to_string(stuck), "0 stuck", stuck == 0);
}

}  // namespace

int main(int argc, char** argv) {
    const int times = argc > 1 ? std::atoi(argv[1]) : 100;
    const auto asked = [&](std::string_view figure) {
        return argc <= 2 || std::find(argv + 2, argv + argc, figure) != argv + argc;
    };
    if (asked("kill")) {
        disturb_deck({"R2", "deck killed (kill -9) → heard again in phase", 1000.0, 1000.0 * 128 / 48'000}, SIGKILL,
                     times);
    }
    if (asked("hang")) {
        disturb_deck({"R3", "deck that hangs (SIGSTOP) → heard again in phase", 1000.0, 300.0}, SIGSTOP, times);
    }
    if (asked("mixer")) {
        kill_client({"R2", "mixer killed (kill -9) → patched again", 1000.0}, "mixer-bus", times);
    }
    if (asked("server")) {
        kill_server(times);
    }
    if (asked("open")) {
        kill_while_opening(times);
    }
    return 0;
}
