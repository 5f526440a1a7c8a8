// SPDX-License-Identifier: GPL-3.0-or-later
// Recorded dances: reading, rehearsing, drawing, writing down.
#include "bpm-follower/plot.hpp"
#include "bpm-follower/rehearsal.hpp"
#include "bpm-follower/trace.hpp"
#include "bpm-follower/trace_writer.hpp"
#include "common/error.hpp"
#include "tests/support/surroundings.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

using namespace crowdjack;
using Kind = TraceEvent::Kind;

namespace {

Trace trace_of(const std::string& text, const std::optional<MovementUnit>& declared = {}) {
    std::istringstream in{text};
    return read_trace(in, declared, "trace.csv");
}

std::vector<double> totals(const Trace& trace) {
    std::vector<double> values;
    for (const auto& event : trace.events) {
        if (event.kind == Kind::total) {
            values.push_back(event.value);
        }
    }
    return values;
}

}  // namespace

TEST_CASE("a trace of time and value is read with and without a header, whatever separates them") {
    for (const auto* text :
         {"time,value\n10,0.1\n11.5,0.3\n", "10,0.1\n11.5,0.3", "t;total_movement\r\n10;0.1\r\n11.5;0.3\r\n",
          "# recorded by hand\n10\t0.1\n11.5\t0.3\n", "10 0.1\n11.5   0.3\n",
          "\"time_ms\",\"value\"\n10000,0.1\n11500,0.3\n", "\xEF\xBB\xBFtime,value\n10,0.1\n11.5,0.3\n",
          "\xEF\xBB\xBF"
          "10,0.1\n11.5,0.3\n",
          "time;value\n10,0;0,1\n11,5;0,3\n", "10,0;0,1\n11,5;0,3\n",
          "timestamp,value\n1730500010000,0.1\n1730500011500,0.3\n", "  10,0.1\n  11.5,0.3\n",
          "  {\"timestamp\": 10, \"total_movement\": 0.1}\n  {\"timestamp\": 11.5, \"total_movement\": 0.3}\n",
          "time,accel_mean,note\n10,0.1,x\n11.5,0.3,y\n"}) {
        CAPTURE(text);
        const auto trace = trace_of(text, MovementUnit{});
        REQUIRE(trace.events.size() == 2);
        CHECK(trace.events[0].time_s == 0.0);
        CHECK(trace.events[1].time_s == doctest::Approx(1.5));
        CHECK(trace.events[1].value == doctest::Approx(0.3));
        CHECK(trace.notices.empty());
    }
}

TEST_CASE("a single column is a report a second") {
    const auto trace = trace_of("0.1\n0.2\n0.3\n");
    REQUIRE(trace.events.size() == 3);
    CHECK(trace.events[2].time_s == 2.0);
    const auto limbs = trace_of("arms,legs,value\n0.1,0.2,0.3\n0.1,0.2,0.4\n");
    CHECK(limbs.duration_s == 1.0);
}

TEST_CASE("movement_stats as crowdstream's detector writes them bring limbs and people too") {
    const auto trace = trace_of(
        R"({"timestamp": 1700000000.5, "total_movement": 0.25, "arm_movement": 0.3, "leg_movement": 0.1, "head_movement": 0.05, "person_count": 3})"
        "\n"
        R"({"timestamp": 1700000010.5, "total_movement": 0.5, "arm_movement": 0.6, "leg_movement": 0.2, "head_movement": 0.1, "person_count": 4})"
        "\n{\"timestamp\": 17000");
    CHECK(totals(trace) == std::vector{0.25, 0.5});
    CHECK(trace.duration_s == 10.0);
    CHECK(trace.events.front().kind == Kind::arms);
    CHECK(trace.notices.size() == 1);  // the line that a kill cut short
}

TEST_CASE("the unit is the column's, or found out, and full movement of raw values is their 98th percentile") {
    CHECK(trace_of("0,0.5\n1,0.6\n").unit.name() == "fraction");
    CHECK(trace_of("0,0.5\n1,60\n").unit.name() == "percent");
    CHECK(trace_of("time,movement_percent\n0,0.5\n1,0.6\n").unit.name() == "percent");
    CHECK(trace_of("time,acc_g\n0,0.5\n1,1.5\n").unit.kind == MovementUnit::Kind::raw);
    std::string pixels = "time,value\n";
    for (int i = 0; i < 100; ++i) {
        pixels += std::to_string(i) + "," + std::to_string(i == 50 ? 100000 : i * 2) + "\n";
    }
    const auto trace = trace_of(pixels);
    CHECK(trace.unit.kind == MovementUnit::Kind::raw);
    CHECK(trace.unit.full < 200.0);
    CHECK(trace.unit_reason.find("98th percentile") != std::string::npos);
    CHECK(trace_of("0,5\n1,300\n", MovementUnit::parse("raw:600")).events[1].value == doctest::Approx(0.5));
}

TEST_CASE("bad lines are passed over and counted, a trace without any report is refused") {
    const auto trace = trace_of("time,value\n0,0.1\nx,y\n2,nan\n3,-1\n4\n5,0.2\n");
    CHECK(totals(trace) == std::vector{0.1, 0.2});
    REQUIRE(trace.notices.size() == 1);
    CHECK(trace.notices.front().find("4 lines") != std::string::npos);
    CHECK(trace.notices.front().find("line 3") != std::string::npos);
    for (const auto* nothing : {"", "\n\n", "time,value\n", "hello\nworld\n", "{}\n[]\n", "time,value\n0,\n"}) {
        CAPTURE(nothing);
        CHECK_THROWS_AS((void)trace_of(nothing), Failure);
    }
    CHECK_THROWS_AS((void)read_trace_file("/nowhere.csv", {}), Failure);
    CHECK_THROWS_AS((void)read_trace_file("/tmp", {}), Failure);
}

TEST_CASE("time that runs backward is taken up where it was, and said") {
    const auto trace = trace_of("0,0.1\n10,0.2\n3,0.3\n5,0.4\n");
    CHECK(trace.events.back().time_s == 12.0);
    CHECK(trace.notices.size() == 1);
}

TEST_CASE("lines that came late are put where they belong") {
    const auto trace = trace_of("1,0.1\n0,0.2\n2,0.3\n4,0.5\n3,0.4\n");
    CHECK(totals(trace) == std::vector{0.2, 0.1, 0.3, 0.4, 0.5});
    for (std::size_t i = 0; i < trace.events.size(); ++i) {
        CHECK(trace.events[i].time_s == static_cast<double>(i));
    }
    CHECK(trace.notices.empty());
}

TEST_CASE("a time that leaps beyond reason makes no gap, and is said") {
    const auto trace = trace_of("0,0.1\n1,0.2\n1e300,0.3\n2,0.4\n3,0.5\n");
    CHECK(trace.duration_s <= 3.0);
    REQUIRE(trace.notices.size() == 1);
    CHECK(trace.notices.front().find("first at line 3") != std::string::npos);
}

TEST_CASE("a tapped tempo replays as it was tapped, however coarse the trace's times are") {
    const auto trace = trace_of("time,value,event,argument,extra\n0,0.3,report,,\n1.00,,tap,0,0\n1.49,,tap,0,0\n"
                                "2.01,,tap,121.37,0\n");
    const auto rehearsal = rehearse({}, TracePlayer{trace, 1.0});
    CHECK(rehearsal.moments.back().target_bpm == 121.37);
    CHECK(rehearsal.moments.back().bpm == 121.37);
}

TEST_CASE("a pose trace moves by the median keypoint that was seen, and frames without any are no report") {
    const auto trace =
        trace_of("frame,Nose,LeftWrist,RightKnee\n30,1,9,5\n31,0,0,0\n60,0,4,800\n", MovementUnit::parse("raw:800"));
    REQUIRE(totals(trace).size() == 2);
    CHECK(totals(trace)[0] == doctest::Approx(5.0 / 800.0));
    CHECK(totals(trace)[1] == doctest::Approx(800.0 / 800.0));
    CHECK(trace.events[1].time_s == doctest::Approx(1.0));
}

TEST_CASE("the tempo of a rehearsal is the closed form at every moment") {
    const auto rehearsal = rehearse({}, TracePlayer{trace_of("0,0.8\n1,0.8\n40,0.8\n"), 1.0});
    // The rehearsal's lead is its conductor's own 100 ms.
    for (const auto& moment : rehearsal.moments) {
        const double ramped = std::clamp(moment.time_s - 0.1, 0.0, 30.0);
        CHECK(std::abs(moment.bpm - 120.0 - ramped / 3.0) < 1e-5);  // one frame of the ramp is 7e-6 BPM
    }
    CHECK(rehearsal.moments.back().bpm == 130.0);
}

TEST_CASE("speed shortens the dance, not the ramps") {
    const auto slow = rehearse({}, TracePlayer{trace_of("0,0.8\n60,0\n60,0\n60,0\n60,0\n"), 1.0});
    const auto fast = rehearse({}, TracePlayer{trace_of("0,0.8\n60,0\n60,0\n60,0\n60,0\n"), 10.0});
    CHECK(fast.reports.back().time_s == doctest::Approx(6.0).epsilon(1e-2));
    CHECK(slow.moments.size() > fast.moments.size());
    // 6 s up the ramp, then down again.
    const auto top = std::max_element(fast.moments.begin(), fast.moments.end(),
                                      [](const auto& a, const auto& b) { return a.bpm < b.bpm; });
    CHECK(top->bpm == doctest::Approx(122.0).epsilon(2e-3));
}

TEST_CASE("the real dances give sane tempi, with their unit said") {
    const auto data = test::real_data();
    if (!data) {
        MESSAGE("skipped: the folder of real-world files is not beside this checkout");
        return;
    }
    for (const auto* file : {"crowdstream-nb-person-short.csv", "crowdstream-nb-person15-keypoints.csv",
                             "crowdstream-nb-pose-signal.csv"}) {
        CAPTURE(file);
        const auto trace = read_trace_file(*data / "movement" / file, {});
        CHECK(trace.unit.kind == MovementUnit::Kind::raw);
        CHECK_FALSE(trace.unit_reason.empty());
        const auto rehearsal = rehearse({}, TracePlayer{trace, 1.0});
        double before = 120.0;
        for (const auto& moment : rehearsal.moments) {
            CHECK(moment.bpm >= 105.0);
            CHECK(moment.bpm <= 130.0);
            CHECK(std::abs(moment.bpm - before) < 0.25 * 25.0 / 30.0 * 2.5);  // no faster than a steered ramp
            before = moment.bpm;
        }
    }
}

TEST_CASE("a night written down replays to the same tempo") {
    const test::TemporaryFolder folder;
    const auto path = folder / "night.csv";
    const auto trace = trace_of("time,value,arms\n0,0.3,0.5\n7,0.7,0.1\n30,0.01,0\n80,0.2,0\n");
    {
        TraceWriter writer{path};
        (void)rehearse(
            {}, TracePlayer{trace, 1.0}, [&](double time, const TraceEvent& event) { writer.write(time, event); },
            [&](double time, const Decision& decision) { writer.write(time, decision); });
        writer.write(200.0, TraceEvent{0.0, Kind::set, 111.0, 4.0});
        writer.flush();
    }
    const auto again = read_trace_file(path, {});
    CHECK(again.notices.empty());
    CHECK(totals(again) == totals(trace));
    CHECK(again.events.back().kind == Kind::set);
    CHECK(again.events.back().extra == 4.0);
    const auto first = rehearse({}, TracePlayer{trace, 1.0});
    const auto second = rehearse({}, TracePlayer{again, 1.0});
    for (std::size_t i = 0; i < first.moments.size(); ++i) {
        CHECK(first.moments[i].bpm == doctest::Approx(second.moments[i].bpm).epsilon(1e-4));
    }
    CHECK(second.moments.back().target_bpm == 111.0);
    CHECK_THROWS_AS(TraceWriter{path}, Failure);  // never overwrites
}

TEST_CASE("the picture holds every report and both lines") {
    const auto rehearsal = rehearse({}, TracePlayer{trace_of("0,0.3\n7,0.7\n30,0.01\n"), 1.0});
    const auto svg = plot_svg(rehearsal, "a <night> & a day", "3 reports");
    CHECK(svg.starts_with("<svg"));
    CHECK(svg.ends_with("</svg>\n"));
    CHECK(svg.find("a &lt;night&gt; &amp; a day") != std::string::npos);
    std::size_t dots = 0;
    for (auto at = svg.find("<circle"); at != std::string::npos; at = svg.find("<circle", at + 1)) {
        ++dots;
    }
    CHECK(dots == 3);
    CHECK(svg.find("nan") == std::string::npos);
}
