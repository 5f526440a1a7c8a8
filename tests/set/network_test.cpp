// SPDX-License-Identifier: GPL-3.0-or-later
// Decks on a second machine: the two example files, run as they stand, between two network namespaces.
#include "tests/set/two_machines.hpp"
#include "tests/support/jack_clients.hpp"
#include "tests/support/jack_server.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/undisturbed.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

using namespace crowdjack::test;

namespace {

constexpr auto master_delay = TwoMachines::master_delay;
constexpr std::int64_t millisecond = 48;

int server_pid(const Process& session) {
    int pid = 0;
    for (const auto& line : session.lines()) {
        if (const auto at = line.find("jack-server-started pid="); at != std::string::npos) {
            pid = std::stoi(line.substr(line.find('=', at) + 1));
        }
    }
    return pid;
}

/// Frames from here to the other machine's graph and back, by an impulse through its server.
std::int64_t round_trip(TwoMachines& machines) {
    machines.machine().run({"jack_connect", "system:capture_1", "system:playback_1"});
    Player impulse{"default", "impulse", {{1.0F}}};
    impulse.probe().connect(impulse.probe().output(0), "booth:to_slave_1");
    std::int64_t frames = 0;
    for (int trial = 0; trial < 20 && frames == 0; ++trial) {
        const auto sent = *machines.ears().end_frame() + 24'000;
        impulse.start_at(sent);
        (void)machines.ears().wait_until(sent + 24'000);
        const auto came = machines.ears().first_sound(3, sent);
        frames = came ? *came - sent : 0;  // lost on the way: once more
    }
    machines.machine().run({"jack_disconnect", "system:capture_1", "system:playback_1"});
    return frames;
}

std::ptrdiff_t lines_with(Process& session, const std::string& words) {
    return std::ranges::count_if(session.lines(),
                                 [&](const std::string& line) { return line.find(words) != std::string::npos; });
}

/// What may keep a start from being heard on its frame: cycles that a server left out (an xrun) in the second before,
/// a deck there that got the command too late, a clock that was not known.
std::array<double, 4> disturbances(TwoMachines& machines) {
    const auto there = machines.osc().request(TwoMachines::remote_deck, at::deck_health);
    REQUIRE(there);
    return {static_cast<double>(machines.ears().xruns()), there->named("xruns"), there->named("late_starts"),
            static_cast<double>(lines_with(machines.here(), " started-on-arrival "))};
}

std::ptrdiff_t out_of_order_there(TwoMachines& machines) {
    return lines_with(machines.there(), "NetSlave : missing last data packet");
}

/// Packets came here out of order, or there before the session knew the clock: from then on the link is slower by a
/// cycle, which nobody can know.
bool link_grew_unseen(TwoMachines& machines, std::ptrdiff_t out_of_order_before) {
    return out_of_order_before > 0 || lines_with(machines.here(), "NetMaster : missing last data packet") > 0;
}

/// Deck C is heard with deck A in a group start, to a millisecond; once more where it was disturbed.
void starts_together(TwoMachines& machines, std::ptrdiff_t out_of_order_before) {
    undisturbed([&] {
        const auto before = disturbances(machines);
        (void)machines.ears().wait_until(*machines.ears().end_frame() + 48'000);
        const auto start = machines.start_both();
        const auto heard = wait_for_run(machines.ears(), 1, start - 24'000, 24'000);
        REQUIRE(heard.best >= 24'000);
        const auto late = heard.first - start - master_delay;
        const bool together = std::abs(late) <= millisecond;
        const bool judged =
            together || (disturbances(machines) == before && !link_grew_unseen(machines, out_of_order_before) &&
                         machines.ears().recorded(start - 48'000, start + 24'000));
        std::printf("heard %lld frames after deck A%s\n", static_cast<long long>(late), judged ? "" : ", disturbed");
        machines.stop_both();
        if (judged) {
            CHECK_MESSAGE(together, machines.here().output(), machines.there().output());
        }
        return judged;
    });
}

}  // namespace

TEST_CASE("a deck on another machine starts on arrival, and every sample of it arrives as it was") {
    TwoMachines machines;
    const auto there_and_back = round_trip(machines);
    CHECK(there_and_back > 0);

    const auto start = machines.start_both();
    const auto heard = wait_for_run(machines.ears(), 1, start - 24'000, 3 * 48'000);
    CHECK(heard.best >= 3 * 48'000);
    CHECK(heard.foreign == 0);
    if (machines.ears().sample(2, start)) {
        CHECK(machines.ears().first_sound(2, start - 24'000) == start);
    }
    CHECK(wrong_frames(machines.ears(), 0, start, start + master_delay, start + 48'000, master_delay) == 0);
    std::printf(
        "link: %lld frames there and back; heard %lld frames after deck A; %lld samples lost before 3 s in a row\n",
        static_cast<long long>(there_and_back), static_cast<long long>(heard.first - start - master_delay),
        static_cast<long long>(heard.lost));

    const auto refused =
        machines.osc().request(TwoMachines::remote_deck, at::deck_start, {static_cast<std::int32_t>(start)});
    REQUIRE(refused);
    REQUIRE_MESSAGE(refused->is_error_of(at::deck_start), refused->shown());
    CHECK(refused->number(1) == 4);
    CHECK(machines.osc().request(TwoMachines::remote_deck, at::deck_start)->is_reply_to(at::deck_start));
}

TEST_CASE("once the other machine's clock is known its deck is heard on the common frame, to a millisecond") {
    TwoMachines machines;
    const auto patched = std::chrono::steady_clock::now();
    REQUIRE(machines.clock_is_known());
    std::printf("clock known %.1f s after the machines were patched\n",
                std::chrono::duration<double>(std::chrono::steady_clock::now() - patched).count());
    const auto out_of_order = out_of_order_there(machines);
    for (int trial = 0; trial < 3; ++trial) {
        starts_together(machines, out_of_order);
    }
}

TEST_CASE("when the other machine's server is killed the mix goes on, and its deck is heard again") {
    TwoMachines machines;
    REQUIRE(machines.clock_is_known());
    const auto start = machines.start_both();
    REQUIRE(wait_for_run(machines.ears(), 1, start, 24'000).best >= 24'000);

    const auto pid = server_pid(machines.there());
    REQUIRE(pid > 0);
    const auto killed = *machines.ears().end_frame();
    kill(pid, SIGKILL);
    const auto out_of_order_of_old_link = out_of_order_there(machines);
    // A tenth of a second of silence on the right tells the old server's sound from the new one's.
    std::int64_t silent = 0;
    REQUIRE(eventually([&] {
        const auto end = *machines.ears().end_frame();
        std::int64_t length = 0;
        for (auto frame = killed; frame < end && silent == 0; ++frame) {
            length = machines.ears().sample(1, frame).value_or(0.0F) == 0.0F ? length + 1 : 0;
            silent = length >= 4'800 ? frame : 0;
        }
        return silent != 0;
    }));
    const auto heard = wait_for_run(machines.ears(), 1, silent, 48'000);
    // How it fades in again is its own business; then every sample is right again.
    CHECK_MESSAGE(heard.best >= 48'000, machines.here().output(), machines.there().output());
    const auto now = *machines.ears().end_frame();
    CHECK(wrong_frames(machines.ears(), 0, start, now - 24'000, now, master_delay) == 0);
    std::printf("other server killed: heard again after %lld frames\n", static_cast<long long>(heard.first - killed));

    // Its frames lie elsewhere now, and the next start knows: it is heard on the common frame once more.
    REQUIRE(machines.clock_is_known(2));
    const auto out_of_order = out_of_order_there(machines) - out_of_order_of_old_link;
    machines.stop_both();
    starts_together(machines, out_of_order);
}

int main(int argc, char** argv) {
    if (const auto reason = SecondMachine::missing()) {
        std::fprintf(stderr, "skipped: no second machine to be had on this system: %s\n", reason->c_str());
        return 77;
    }
    return doctest::Context{argc, argv}.run();
}
