// SPDX-License-Identifier: GPL-3.0-or-later
// Weeks of a set that runs alone, in seconds. The whole quarter: tests/bench/quarter.cpp
#include "tests/session/quarter.hpp"
#include "tests/support/surroundings.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

QuarterFindings played(Quarter::Settings settings, const char* zone) {
    const TemporaryFolder folder;
    ::setenv("TZ", zone, 1);
    ::tzset();
    ::setenv("XDG_STATE_HOME", (folder / "state").c_str(), 1);
    settings.folder = folder / "recordings";
    std::filesystem::create_directories(settings.folder);
    QuarterFindings found = Quarter{std::move(settings)}.run();
    ::unsetenv("TZ");
    ::unsetenv("XDG_STATE_HOME");
    ::tzset();
    for (const std::string& each : found.wrong) {
        FAIL_CHECK(each);
    }
    MESSAGE(found.handovers << " hand-overs in " << found.openings << " nights, " << found.files << " files, "
                            << found.removed << " removed, " << found.memory_early << " to " << found.memory_late
                            << " MB");
    return found;
}

}  // namespace

TEST_CASE("eighteen days without a pause: every hand-over on its beat and logged, recordings kept for a fortnight") {
    Quarter::Settings settings;
    settings.hours = 18.0 * 24.0;
    settings.early_h = 15.0 * 24.0;  // as many files as there will be
    const auto found = played(settings, "CET-1CEST,M3.5.0,M10.5.0/3");
    CHECK(found.handovers > 5500);
    CHECK(found.silent_s == 0.0);
    CHECK(found.removed > 80);
    CHECK(found.memory_late < found.memory_early + 0.5);
}

TEST_CASE("nights with opening hours, a clock that leaps by an hour, is set for summer and back, and boots in 1970") {
    Quarter::Settings settings;
    settings.hours = 20.0 * 24.0;
    settings.open = "20:00-03:30";
    settings.clock_leaps_each_h = 31.0;
    settings.boots_in_1970 = {50.0, 290.0};
    // Both switches within these days: on 29 March and on 5 April.
    const auto found = played(settings, "CET-1CEST,M3.5.0,M4.1.0/3");
    CHECK(found.openings >= 19);
    CHECK(found.open_h > 120.0);
    CHECK(found.leaps > 10);
    CHECK(found.silent_s == 0.0);
    CHECK(found.heard_s == 0.0);
    CHECK(found.handovers > 1500);
}
