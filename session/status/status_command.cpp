// SPDX-License-Identifier: GPL-3.0-or-later
// crowdjack-session status: the suite at a glance, once or live.
#include "common/error.hpp"
#include "common/options.hpp"
#include "common/printable.hpp"
#include "session/commands.hpp"
#include "session/status/collector.hpp"
#include "session/status/health_check.hpp"
#include "session/status/watch.hpp"

#include <array>
#include <iostream>

namespace crowdjack {

namespace {

namespace po = boost::program_options;

/// Asks, asks again what got lost, and gives up on who hangs.
SuiteSnapshot collected(SuiteLink& link) {
    constexpr ControlLoop::Duration look{10};
    constexpr double again_s = 0.25;
    constexpr double patience_s = 0.7;
    StatusCollector collector{link};
    collector.ask();
    const double began_s = SuiteLink::seconds();
    bool asked_again = false;
    link.loop().every(look, [&] {
        const double waited_s = SuiteLink::seconds() - began_s;
        if (collector.complete() || waited_s > patience_s) {
            link.loop().stop();
        } else if (!asked_again && waited_s > again_s) {
            asked_again = true;
            collector.ask();
        }
    });
    link.loop().run();
    return collector.snapshot();
}

}  // namespace

int run_status(int argc, const char* const* argv) {
    CommandLine line{"crowdjack-session status", "Shows how the suite is: decks, mixer, tempo, patch."};
    line.own.add_options()("watch", po::bool_switch(), "a live view in the terminal; q quits")(
        "json", po::bool_switch(), "as a JSON document")("check", po::bool_switch(),
                                                         "one line; exit code 0 well, 1 degraded, 2 down");
    const auto options = line.parse(argc, argv);
    if (!options) {
        return 0;
    }
    const bool watch = line.values()["watch"].as<bool>();
    const bool json = line.values()["json"].as<bool>();
    const bool check = line.values()["check"].as<bool>();
    if (int{watch} + int{json} + int{check} > 1) {
        throw UsageError{"--watch, --json and --check exclude each other"};
    }
    SuiteLink link{*options};
    if (watch) {
        watch_suite(link);
        return 0;
    }
    const SuiteSnapshot snapshot = collected(link);
    if (check) {
        constexpr std::array<const char*, 3> words{"well", "degraded", "down"};
        const HealthVerdict verdict = health_verdict(snapshot);
        const auto level = static_cast<std::size_t>(verdict.level);
        std::cout << words[level] << ": " << printable(verdict.why) << "\n";
        return static_cast<int>(level);
    }
    std::cout << (json ? status_json(snapshot) : status_table(snapshot));
    return 0;
}

}  // namespace crowdjack
