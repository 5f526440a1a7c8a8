// SPDX-License-Identifier: GPL-3.0-or-later
// When a set plays: a year by the clock on the wall, with its two switches.
#include "session/programme/opening_hours.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

using crowdjack::OpeningHours;

namespace {

/// A time zone by its rule, so that no table of the system's is needed.
class TimeZone {
public:
    explicit TimeZone(const char* rule) {
        if (const char* before = std::getenv("TZ")) {
            before_ = before;
        }
        ::setenv("TZ", rule, 1);
        ::tzset();
    }
    ~TimeZone() {
        before_.empty() ? ::unsetenv("TZ") : ::setenv("TZ", before_.c_str(), 1);
        ::tzset();
    }
    TimeZone(const TimeZone&) = delete;
    TimeZone& operator=(const TimeZone&) = delete;

private:
    std::string before_;
};

std::time_t local(int month, int day, int hour, int minute) {
    std::tm time{};
    time.tm_year = 2026 - 1900;
    time.tm_mon = month - 1;
    time.tm_mday = day;
    time.tm_hour = hour;
    time.tm_min = minute;
    time.tm_isdst = -1;
    return std::mktime(&time);
}

constexpr int step = 900;

struct Opening {
    std::time_t from, until;
};

/// Every stretch of being open in 2026, looked at each quarter of an hour.
std::vector<Opening> openings_of(const OpeningHours& hours) {
    std::vector<Opening> found;
    bool open = hours.open_at(local(1, 1, 0, 0));
    for (std::time_t now = local(1, 1, 0, 0); now < local(12, 31, 23, 59); now += step) {
        const bool is = hours.open_at(now);
        if (is && !open) {
            found.push_back({now, 0});
        } else if (!is && open && !found.empty()) {
            found.back().until = now;
        }
        open = is;
    }
    return found;
}

constexpr const char* berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
constexpr const char* sydney = "AEST-10AEDT,M10.1.0,M4.1.0/3";
constexpr const char* lord_howe = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";

}  // namespace

TEST_CASE("hours are read as people write them, and everything else is refused") {
    for (const char* good :
         {"18:00-02:00", "18-2", " 9:30 - 17:00 ", "11:00-14:00, 18:00-02:00", "00:00-24:00", "18:00:30-18:00:40"}) {
        CAPTURE(std::string{good});
        CHECK(OpeningHours::parse(good));
    }
    for (const char* bad : {"", "18:00", "18:00-", "-02:00", "25:00-02:00", "18:60-19:00", "18:00-18:00",
                            "18:00-02:00,", "24:30-02:00", "24:00-02:00", "6pm-2am", "18:00-02:00-03:00",
                            "18:00:00:00-19:00", "a-b", "18:-02:00", "18:00 02:00", "118:00-02:00", "18:00-+2:00"}) {
        CAPTURE(std::string{bad});
        CHECK_FALSE(OpeningHours::parse(bad));
    }
    CHECK(OpeningHours{}.open_at(0));
}

TEST_CASE("a set plays from its opening to its closing, over midnight, and in several spans") {
    const TimeZone zone{berlin};
    const auto night = *OpeningHours::parse("18:00-02:00");
    CHECK_FALSE(night.open_at(local(6, 1, 17, 59)));
    CHECK(night.open_at(local(6, 1, 18, 0)));
    CHECK(night.open_at(local(6, 2, 1, 59)));
    CHECK_FALSE(night.open_at(local(6, 2, 2, 0)));
    const auto twice = *OpeningHours::parse("11:00-14:00,18:00-24:00");
    CHECK(twice.open_at(local(6, 1, 12, 0)));
    CHECK_FALSE(twice.open_at(local(6, 1, 15, 0)));
    CHECK(twice.open_at(local(6, 1, 23, 59)));
    CHECK_FALSE(twice.open_at(local(6, 2, 0, 0)));
    CHECK(OpeningHours::parse("00:00-24:00")->open_at(local(3, 29, 2, 30)));
}

TEST_CASE("in a year each night opens once and closes once, whichever way the clock is set in it") {
    for (const char* rule : {berlin, sydney, lord_howe, "UTC0"}) {
        const TimeZone zone{rule};
        for (const char* text : {"18:00-02:30", "22:00-03:00", "01:30-02:30", "02:00-03:00", "02:15-06:00"}) {
            CAPTURE(std::string{rule});
            CAPTURE(std::string{text});
            const auto hours = *OpeningHours::parse(text);
            const auto found = openings_of(hours);
            // The night of 31 December is not over within the year; one that opens at midnight's other side is.
            CHECK(found.size() >= 364);
            CHECK(found.size() <= 365);
            std::vector<std::time_t> lengths;
            for (const Opening& opening : found) {
                if (opening.until != 0) {
                    lengths.push_back(opening.until - opening.from);
                }
            }
            std::vector<std::time_t> sorted = lengths;
            std::sort(sorted.begin(), sorted.end());
            const std::time_t usual = sorted[sorted.size() / 2];
            int unusual = 0;
            for (const std::time_t length : lengths) {
                unusual += length == usual ? 0 : 1;
                CHECK(length > 0);
                CHECK(std::abs(static_cast<long>(length - usual)) <= 3600);
            }
            CHECK(unusual <= 2);
        }
    }
}

TEST_CASE("the hour that comes twice does not open a set again") {
    const TimeZone zone{berlin};
    const auto hours = *OpeningHours::parse("18:00-02:30");
    // 25 October 2026: at 3:00 it is 2:00 again.
    const std::time_t midnight = local(10, 25, 0, 0);
    CHECK(hours.open_at(midnight + 2 * 3600 + 29 * 60));
    CHECK_FALSE(hours.open_at(midnight + 2 * 3600 + 30 * 60));
    CHECK_FALSE(hours.open_at(midnight + 3 * 3600 + 15 * 60));  // 2:15, the second time
}
