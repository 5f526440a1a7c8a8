// SPDX-License-Identifier: GPL-3.0-or-later
// A do-nothing client that prints how many frames its server's clock has skipped in all, whenever that grew.
//
// usage: witness_client SERVER   (until killed)
#include "tests/support/jack_clients.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <thread>

using namespace crowdjack::test;

int main(int count, char** arguments) {
    if (count != 2) {
        return 2;
    }
    try {
        std::atomic<std::int64_t> skipped{0};
        std::int64_t expected = -1;
        const auto look = [&](const JackProbe::Cycle& cycle) {
            if (expected >= 0 && cycle.frame > expected) {
                skipped.fetch_add(cycle.frame - expected, std::memory_order_relaxed);
            }
            expected = cycle.frame + cycle.frames;
        };
        std::optional<JackProbe> probe;
        (void)eventually([&] {  // its server may still be starting
            try {
                probe.emplace(arguments[1], "witness", 1, 0, look);
            } catch (const std::runtime_error&) {
            }
            return probe.has_value();
        });
        for (std::int64_t told = -1;;) {
            if (const auto now = skipped.load(std::memory_order_relaxed); now != told) {
                told = now;
                std::printf("skipped %lld\n", static_cast<long long>(now));
                std::fflush(stdout);
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{50});
        }
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s\n", failure.what());
        return 1;
    }
}
