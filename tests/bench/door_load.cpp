// SPDX-License-Identifier: GPL-3.0-or-later
// 100,000 mixed commands at the front door from four senders: each must be answered once, to its sender.
// usage: door_load [COMMANDS]
#include "common/protocol/description.hpp"
#include "tests/session/session_room.hpp"
#include "tests/support/osc_packets.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

using namespace crowdjack;
using namespace crowdjack::test;
using protocol::filled;

namespace {

constexpr std::uint16_t door_port = 57120;
constexpr std::size_t at_once = 24;  ///< of one sender: the door's buffer must hold them

std::vector<std::vector<char>> mixed_commands() {
    const std::string half{"\x3f\0\0\0", 4};
    return {packet_of(filled(at::mixer_gain, {"A"}), ",f", half),
            packet_of(filled(at::mixer_gain, {"B"}), ","),
            packet_of(filled(at::mixer_eq, {"A", "low"}), ",f", half),
            packet_of(filled(at::deck_gain, {"A"}), ",f", half),
            packet_of(filled(at::deck_state, {"B"}), ","),
            packet_of(filled(at::deck_rate, {"B"}), ",f", half),
            packet_of(at::deck_levels, ",ff", half + half),
            packet_of(at::mixer_master, ",f", half),
            packet_of(at::reset, ",[]"),
            packet_of(filled(at::mixer_gain, {"nobody"}), ",f", half),
            packet_of(at::set_meter, ",b", {"\0\0\0\4abcd", 8}),
            packet_of("/no/such/address", ",")};
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t commands = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100'000;
    SessionRoom room;
    if (!room.wait_until_whole()) {
        std::puts("the session does not come up");
        return EXIT_FAILURE;
    }
    const auto packets = mixed_commands();
    const std::array<RawClient, 4> clients{RawClient{door_port}, RawClient{door_port}, RawClient{door_port},
                                           RawClient{door_port}};
    const auto began = std::chrono::steady_clock::now();
    std::size_t sent = 0;
    std::size_t answered = 0;
    while (sent < commands) {
        for (const auto& client : clients) {
            for (std::size_t i = 0; i < at_once; ++i) {
                client.send(packets[(sent + i) % packets.size()]);
            }
            sent += at_once;
        }
        for (const auto& client : clients) {
            for (std::size_t i = 0; i < at_once && !client.next().address.empty(); ++i) {
                ++answered;
            }
        }
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    std::size_t more = 0;
    for (const auto& client : clients) {
        more += client.next(200).address.empty() ? 0U : 1U;
    }
    std::printf("%zu commands, %zu answers, %zu too many, %.1f s, %.0f a second\n", sent, answered, more, took.count(),
                static_cast<double>(answered) / took.count());
    return answered == sent && more == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
