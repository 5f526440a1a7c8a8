// SPDX-License-Identifier: GPL-3.0-or-later
// Three months alone, under a fake clock: once without a pause, once with opening hours, a clock that leaps and boots
// in 1970, and both switches of summer time. Is every hand-over on its beat and in the log, is every recording kept for
// its fortnight, does memory stay as it is?
//
// usage: quarter [HOURS]   (2160)
#include "tests/session/quarter.hpp"

#include "tests/support/figures.hpp"
#include "tests/support/surroundings.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

constexpr double most_growth_mb = 0.5;

QuarterFindings played(Quarter::Settings settings, const TemporaryFolder& folder, const char* name) {
    settings.folder = folder / name;
    std::filesystem::create_directories(settings.folder);
    const QuarterFindings found = Quarter{std::move(settings)}.run();
    for (const std::string& each : found.wrong) {
        std::printf("%s: %s\n", name, each.c_str());
    }
    return found;
}

std::string number(double value, int digits = 0) {
    char text[40];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

bool report(const std::string& what, const QuarterFindings& found) {
    const bool whole = found.wrong.empty() && found.silent_s == 0.0 && found.heard_s == 0.0 && found.handovers > 0;
    print_figure("W9", what + ": hand-overs, all on their beats and logged; silent while open; heard while closed",
                 std::to_string(found.handovers) + "; " + number(found.silent_s) + " s; " + number(found.heard_s) +
                     " s; " + std::to_string(found.wrong.size()) + " faults",
                 "0 s; 0 s; 0 faults", whole);
    const bool flat = found.memory_late <= found.memory_early + most_growth_mb;
    print_figure("W9", what + ": nights; recordings written and removed; memory after 100 h and in the end",
                 std::to_string(found.openings) + "; " + std::to_string(found.files) + ", " +
                     std::to_string(found.removed) + "; " + number(found.memory_early, 2) + " MB, " +
                     number(found.memory_late, 2) + " MB",
                 "+ 0.5 MB", flat);
    return whole && flat;
}

}  // namespace

int main(int argc, char** argv) {
    const double hours = argc > 1 ? std::atof(argv[1]) : 2160.0;
    const TemporaryFolder folder;
    ::setenv("XDG_STATE_HOME", (folder / "state").c_str(), 1);
    // Summer time begins and ends within these three months: no real zone's does.
    ::setenv("TZ", "CET-1CEST,M3.5.0,M5.5.0/3", 1);
    ::tzset();
    Quarter::Settings always;
    always.hours = hours;
    Quarter::Settings nights = always;
    nights.open = "20:00-03:30";
    nights.clock_leaps_each_h = 53.0;
    nights.boots_in_1970 = {50.0, 700.0, 1501.0};
    const bool first = report(number(hours) + " h without a pause", played(always, folder, "always"));
    const bool second = report(number(hours) + " h with opening hours, a leaping clock, boots in 1970",
                               played(nights, folder, "nights"));
    return first && second ? 0 : 1;
}
