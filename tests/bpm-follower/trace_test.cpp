// SPDX-License-Identifier: GPL-3.0-or-later
// Recorded dances: reading, rehearsing, drawing, writing down.
#include "bpm-follower/plot.hpp"
#include "bpm-follower/rehearsal.hpp"
#include "bpm-follower/trace.hpp"
#include "bpm-follower/trace_time.hpp"
#include "bpm-follower/trace_writer.hpp"
#include "common/error.hpp"
#include "tests/support/surroundings.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
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

TEST_CASE("one glitch above 1 leaves a trace one of fractions, and ten above 2 in twenty make it percent") {
    std::string text = "time,value\n";
    std::string percent = text;
    for (int i = 0; i < 200; ++i) {
        text += std::to_string(i) + (i == 100 ? ",1.05\n" : i == 101 ? ",4.28\n" : ",0.45\n");
        percent += std::to_string(i) + (i >= 100 && i < 110 ? ",45\n" : ",0.45\n");
    }
    CHECK(trace_of(text).unit.name() == "fraction");
    CHECK(rehearse({}, TracePlayer{trace_of(text), 1.0}).moments.back().target_bpm == 126.0);
    CHECK(trace_of(percent).unit.name() == "percent");
    // Neither the one nor the other: asked for, not guessed.
    CHECK_THROWS_AS((void)trace_of("0,0.9\n1,1.1\n2,1.2\n3,1.0\n"), Failure);
}

TEST_CASE("a column counts only when its name says so, and one that was named is said to be") {
    CHECK(trace_of("time,movement_percent\n0,5\n1,6\n").unit_reason.find("named by its column") == 0);
    CHECK(trace_of("0,0.5\n1,0.6\n").unit_reason.find("named") == std::string::npos);
    CHECK(trace_of("frame,Nose,LeftWrist\n1,3,5\n31,3,5\n").unit_reason.find("named") == std::string::npos);
    CHECK(totals(trace_of("time,temperature,value,px_note\n0,21,0.5,9\n1,21,0.6,9\n")) == std::vector{0.5, 0.6});
    for (const auto* guess : {"time,temperature\n0,0.5\n1,0.6\n", "a,b\n0,0.5,1\n1,0.6,1\n", "0,0.5,0.3\n1,0.6,0.2\n",
                              "0,0.5,0.3,0.4\n1,0.6,0.2,0.4\n", "time,gyro_x,gyro_y,gyro_z\n0,0.5,0.3,0.4\n",
                              "time,ax\n0,0.1\n1,0.2\n", "0,0.5,0.3,0.1,0.2,0.3\n"}) {
        CAPTURE(guess);
        CHECK_THROWS_AS((void)trace_of(guess), Failure);
    }
    std::string axis = "time,value\n";
    for (int i = 0; i < 100; ++i) {
        axis += std::to_string(i) + "," + std::to_string(0.3 * std::sin(i)) + "\n";
    }
    CHECK_THROWS_AS((void)trace_of(axis), Failure);  // half of it is negative
}

TEST_CASE("what stands before the data is passed over, and a title is no header") {
    for (const auto* text : {"---\nstart_time: 1700000000\n---\ntime,value\n10,0.1\n11.5,0.3\n",
                             "---\nname: Friday, in the hall\n...\n\n10,0.1\n11.5,0.3\n",
                             "Movement log of Friday\ntime,value\n10,0.1\n11.5,0.3\n",
                             "Movement log of Friday\n10,0.1\n11.5,0.3\n", "Movement Friday\n10,0.1\n11.5,0.3\n",
                             "Movement,log,of,Friday\nexported by hand\n\ntime,value\n10,0.1\n11.5,0.3\n",
                             "% by some program\n// another\ntime;value\n10;0.1\n11.5;0.3\n"}) {
        CAPTURE(text);
        const auto trace = trace_of(text);
        CHECK(totals(trace) == std::vector{0.1, 0.3});
        CHECK(trace.duration_s == doctest::Approx(1.5));
        CHECK(trace.notices.size() == (std::string{text}.starts_with("Movement") ? 1 : 0));
    }
}

TEST_CASE("a table is read as spreadsheets of any country write it") {
    const std::string plain = "time,value\n10,0.1\n11.5,0.3\n";
    std::string wide = "\xFF\xFE";
    for (const char c : plain) {
        wide += c;
        wide += '\0';
    }
    for (const std::string& text :
         {plain, std::string{"\xEF\xBB\xBF"} + plain, std::string{"time;value\r\n10;0,1\r\n11,5;0,3\r\n"},
          std::string{"time,value\r10,0.1\r11.5,0.3\r"},
          std::string{"sep=;\ntime;value\n\"10\";\"0,1\"\n\"11,5\";\"0,3\"\n"},
          std::string{"time,value\n10,\"0,1\"\n\"11,5\",\"0,3\"\n"}, std::string{"time\tvalue\n10\t0,1\n11,5\t0,3\n"},
          std::string{"time,value\n10,10%\n11.5,30 %\n"}, std::string{"10;10,0%\n11,5;30,0%\n"}, wide}) {
        CAPTURE(text);
        const auto trace = trace_of(text);
        REQUIRE(totals(trace).size() == 2);
        CHECK(totals(trace)[0] == doctest::Approx(0.1));
        CHECK(totals(trace)[1] == doctest::Approx(0.3));
        CHECK(trace.duration_s == doctest::Approx(1.5));
    }
    CHECK(trace_of("time,value\n0,5%\n1,6%\n").unit_reason == "written with a percent sign");
}

TEST_CASE("times may be ISO 8601 or read off a clock, also past midnight") {
    for (const auto* text :
         {"timestamp,value\n2026-01-20T21:29:00.000Z,0.1\n2026-01-20T21:29:01.500Z,0.3\n",
          "2026-01-20 21:29:00,0.1\n2026-01-20 21:29:01.5,0.3\n",
          "datetime;value\n2026-01-20T21:29:00+01:00;0,1\n2026-01-20T20:29:01,500Z;0,3\n",
          "2025/12/31 23:59:59,0.1\n2026/01/01 00:00:00.5,0.3\n", "time,value\n21:29:00,0.1\n21:29:01.5,0.3\n",
          "23:59:59.0,0.1\n00:00:00.5,0.3\n", "59:58.5,0.1\n60:00,0.3\n",
          "time,value\n1730500010000000000,0.1\n1730500011500000000,0.3\n",
          "{\"timestamp\": \"2026-01-20T21:29:00Z\", \"total_movement\": 0.1}\n"
          "{\"timestamp\": \"2026-01-20T21:29:01.5Z\", \"total_movement\": 0.3}\n"}) {
        CAPTURE(text);
        const auto trace = trace_of(text);
        CHECK(totals(trace) == std::vector{0.1, 0.3});
        CHECK(trace.duration_s == doctest::Approx(1.5).epsilon(1e-6));
        CHECK(trace.notices.empty());
    }
    for (const auto* wrong : {"2026-13-01", "2026-02-30T10:00", "21:60:00", "1:2:3:4", "10:xx", "", "2026-01-20T"}) {
        CAPTURE(wrong);
        CHECK_FALSE(trace_time(wrong).has_value());
    }
}

TEST_CASE("a phone in a pocket is a detector: still is nothing, walking moderate, dancing high") {
    enum class Held { upright, turning, gravity_beside, gravity_taken_away };
    const auto recorded = [](double amplitude, Held held, double unit, const char* header) {
        std::mt19937 random{3};
        std::normal_distribution<double> noise{0.0, 0.003};
        std::string text = header;
        for (int i = 0; i < 60 * 50; ++i) {
            const double t = i / 50.0;
            const double angle = held == Held::turning ? 0.2 * t : 0.3;
            const std::array gravity{std::sin(angle), 0.0, -std::cos(angle)};
            const double bounce = amplitude * std::sin(2.0 * 3.14159265 * 2.0 * t);
            text += std::to_string(t);
            for (const double g : gravity) {
                const bool inside = held == Held::upright || held == Held::turning;
                text += "," + std::to_string(unit * ((inside ? g : 0.0) + bounce * g + noise(random)));
            }
            for (const double g : gravity) {
                text += held == Held::gravity_beside ? "," + std::to_string(unit * g) : "";
            }
            text += "\n";
        }
        return text;
    };
    struct Case {
        Held held;
        double unit;
        const char* header;
    };
    for (const auto& each :
         {Case{Held::upright, 1.0, "time,X_value,Y_value,Z_value\n"},
          {Held::turning, 9.81, "time,ax,ay,az\n"},
          {Held::turning, 1000.0, "timestamp;x;y;z\n"},
          {Held::upright, 1.0, ""},
          {Held::gravity_beside, 1.0, ""},
          {Held::upright, 9.81, "Time (s),Acceleration x (m/s^2),Acceleration y (m/s^2),Acceleration z (m/s^2)\n"},
          {Held::gravity_taken_away, 1.0, "t,userAcceleration.x,userAcceleration.y,userAcceleration.z\n"},
          {Held::gravity_beside, 1.0, "t,user.x,user.y,user.z,gravity.x,gravity.y,gravity.z\n"}}) {
        CAPTURE(each.header);
        auto level = [&](double amplitude) {
            auto text = recorded(amplitude, each.held, each.unit, each.header);
            if (std::string{each.header}.find(';') != std::string::npos) {
                std::replace(text.begin(), text.end(), ',', ';');
            }
            const auto trace = trace_of(text);
            CHECK(trace.unit.name() == "accel");
            const auto values = totals(trace);
            CHECK(values.size() >= 58);
            CHECK(values.size() <= 60);
            return values[values.size() / 2];
        };
        CHECK(level(0.0) == 0.0);
        CHECK(level(0.3) > 0.10);
        CHECK(level(0.3) < 0.40);
        CHECK(level(1.0) > 0.60);
    }
    const auto odd = recorded(0.3, Held::upright, 16384.0, "time,x,y,z\n");
    CHECK_THROWS_AS((void)trace_of(odd), Failure);  // gravity does not show
    const auto declared = trace_of(odd, MovementUnit::parse("accel"));
    CHECK(totals(declared)[30] == doctest::Approx(0.2).epsilon(0.3));
    CHECK(declared.unit_reason == "declared");
    CHECK_THROWS_AS((void)trace_of(recorded(0.3, Held::upright, 1.0, "time,x,y,z\n"), MovementUnit{}), Failure);
}

TEST_CASE(
    "a report between the rows of an accelerometer counts in no known unit: it is passed over, and that is said") {
    std::string text = "time,ax,ay,az\n";
    for (int i = 0; i < 600; ++i) {
        const double t = i / 50.0;
        const double bounce = 0.3 * std::sin(2.0 * 3.14159265 * 2.0 * t);
        text += std::to_string(t) + ",0.1,0.2," + std::to_string(-1.0 - bounce) + "\n";
        text += i == 300 ? "{\"timestamp\": 6.01, \"total_movement\": 30.0, \"arm_movement\": 20.0}\n" : "";
    }
    const auto trace = trace_of(text);
    CHECK(trace.unit.name() == "accel");
    for (const auto& event : trace.events) {
        CHECK(event.kind == Kind::total);
        CHECK(event.value <= 1.0);
    }
    REQUIRE_FALSE(trace.notices.empty());
    CHECK(trace.notices.front().find("reports of movement between the rows of an accelerometer") != std::string::npos);
}

TEST_CASE("a trace of sixty reports a second doesn't make the target flap") {
    std::mt19937 random{9};
    std::normal_distribution<double> restless{0.0, 0.08};
    std::string text = "time,value,arms\n";
    Trace every_report;
    for (int i = 0; i < 60 * 120; ++i) {
        const double movement = std::abs(0.30 + restless(random));
        every_report.events.push_back({i / 60.0, Kind::total, movement, 0.0});
        text += std::to_string(i / 60.0) + "," + std::to_string(movement) + ",0.5\n";
    }
    every_report.duration_s = 120.0;
    const auto trace = trace_of(text);
    CHECK(totals(trace).size() == 120);
    const auto targets = [](const Trace& played) {
        const auto rehearsal = rehearse({}, TracePlayer{played, 1.0});
        CHECK(rehearsal.moments.back().target_bpm == doctest::Approx(122.0).epsilon(0.02));
        std::size_t count = 0;
        for (std::size_t i = 1; i < rehearsal.moments.size(); ++i) {
            count += rehearsal.moments[i].target_bpm != rehearsal.moments[i - 1].target_bpm ? 1U : 0U;
        }
        return count;
    };
    // The restlessness leaves a second's median within 1.3 % of movement, about half a step of the table.
    CHECK(targets(trace) <= 12);
    CHECK(targets(every_report) > 200);
}

TEST_CASE("where the picture is dense it draws the lowest and the highest of each pixel") {
    Rehearsal night;
    for (int i = 0; i < 8 * 3600; ++i) {
        night.reports.push_back({1.0 * i, i % 1000 == 7 ? 0.9 : 0.2});
        for (int quarter = 0; quarter < 4; ++quarter) {
            night.moments.push_back({i + 0.25 * quarter, 0.2, 119.0, 119.0, FollowerMode::follow});
        }
    }
    const auto svg = plot_svg(night, "night", "");
    CHECK(svg.size() < 400'000);
    CHECK(svg.find("<circle") == std::string::npos);
    // Every peak is there: one stroke of each reaches up to 90 % of a panel 164 high.
    const auto top = svg.find("y2='440.4'");
    CHECK(top != std::string::npos);
}

TEST_CASE("the failing traces that were collected are read, or refused with a reason") {
    const auto data = test::real_data();
    const auto cases = data ? data->parent_path() / "cases" / "movement" : std::filesystem::path{};
    if (!data || !std::filesystem::exists(cases)) {
        MESSAGE("skipped: the folder of collected cases is not beside this checkout");
        return;
    }
    const auto target = [&](const char* file) {
        const auto trace = read_trace_file(cases / file, {});
        const auto rehearsal = rehearse({}, TracePlayer{trace, 1.0});
        return rehearsal.moments[rehearsal.moments.size() / 2].target_bpm;
    };
    CHECK(target("trace-one-1.05.csv") == 126.0);
    for (const auto* file : {"front-matter.csv", "title-line.csv", "iso.csv", "hms.csv"}) {
        CAPTURE(file);
        CHECK(target(file) == 122.0);
        CHECK(read_trace_file(cases / file, {}).duration_s == 59.0);
    }
    CHECK(target("imu-lying-still.csv") == 105.0);
    CHECK(read_trace_file(cases / "imu-header.csv", {}).unit.name() == "accel");
}

TEST_CASE("bad lines are passed over and counted, a trace without any report is refused") {
    const auto trace = trace_of("time,value\n0,0.1\nx,y\n2,nan\n3,-1\n4\n5,0.2\n");
    CHECK(totals(trace) == std::vector{0.1, 0.2});
    REQUIRE(trace.notices.size() == 1);
    CHECK(trace.notices.front().find("4 lines") != std::string::npos);
    CHECK(trace.notices.front().find("line 3") != std::string::npos);
    for (const auto* nothing : {"", "\n\n", "\"\n", "time,value\n", "hello\nworld\n", "{}\n[]\n", "time,value\n0,\n"}) {
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
