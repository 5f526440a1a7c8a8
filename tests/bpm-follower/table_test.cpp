// SPDX-License-Identifier: GPL-3.0-or-later
// From reports to a target: the median, the table and its hysteresis, crowdstream's bpm_config.json.
#include "bpm-follower/bpm_config.hpp"
#include "bpm-follower/limb_eq.hpp"
#include "bpm-follower/source_units.hpp"
#include "bpm-follower/tempo_table.hpp"
#include "common/error.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

using namespace crowdjack;

namespace {

double target_of(double movement, std::optional<std::size_t> from = {}) {
    static const TempoTable table;
    return table.target(table.step_of(movement, from)).value;
}

/// What the protocol's page says, written down once more: nearest half BPM on the straight line.
double by_the_book(double m) {
    if (m < 0.02) {
        return 105.0;
    }
    if (m < 0.05) {
        return 110.0;
    }
    if (m < 0.10) {
        return 115.0;
    }
    if (m < 0.15) {
        return 118.0;
    }
    return 118.0 + 0.5 * std::floor(24.0 * std::min(1.0, (m - 0.15) / 0.45) + 0.5);
}

std::string refusal_of(const std::string& json) {
    try {
        (void)parse_bpm_config(json, "bpm_config.json");
    } catch (const UsageError& error) {
        return error.what();
    }
    return {};
}

constexpr MovementSource camera{0x0100007F, 40000};

}  // namespace

TEST_CASE("the table is crowdstream's at and around every threshold") {
    for (const double threshold : {0.02, 0.05, 0.10, 0.15}) {
        for (const double off : {-0.001, -0.00001, 0.0, 0.00001, 0.001}) {
            CAPTURE(threshold + off);
            CHECK(target_of(threshold + off) == by_the_book(threshold + off));
        }
    }
    CHECK(target_of(0.0) == 105.0);
    CHECK(target_of(0.60) == 130.0);
    CHECK(target_of(1.0) == 130.0);
    CHECK(target_of(0.375) == 124.0);  // half-way up
}

TEST_CASE("every movement from nothing to everything gets the table's tempo") {
    for (int i = 0; i <= 10000; ++i) {
        const double m = i / 10000.0;
        CAPTURE(m);
        // Where the line is exactly between two steps, rounding may decide either way.
        const double between = std::fmod(24.0 * (m - 0.15) / 0.45 + 0.5, 1.0);
        const bool on_edge = m > 0.15 && (between < 1e-5 || between > 1.0 - 1e-5);
        CHECK((on_edge || target_of(m) == by_the_book(m)));
    }
}

TEST_CASE("a report of 2 % sent as a 32-bit float is on the 2 % threshold, not below") {
    CHECK(target_of(static_cast<double>(0.02F)) == 110.0);
    CHECK(target_of(static_cast<double>(0.05F)) == 115.0);
    CHECK(target_of(static_cast<double>(0.10F)) == 118.0);
    CHECK(target_of(static_cast<double>(0.15F)) == 118.0);
}

TEST_CASE("every step is entered at its threshold and left downward 0.5 % of movement below it") {
    const TempoTable table;
    REQUIRE(table.size() == 4 + 24);
    for (std::size_t step = 1; step < table.size(); ++step) {
        CAPTURE(step);
        const double at = table.threshold(step);
        CHECK(table.step_of(at + 1e-5, step - 1) == step);
        CHECK(table.step_of(at - 1e-5, step - 1) == step - 1);
        CHECK(table.step_of(at - 0.0049, step) == step);
        CHECK(table.step_of(at - 0.0051, step) == step - 1);
    }
}

TEST_CASE("a crowd that falls still goes all the way down in one report") {
    const TempoTable table;
    CHECK(table.step_of(0.0, table.size() - 1) == 0);
    CHECK(table.step_of(0.07, table.size() - 1) == 2);
}

TEST_CASE("the median of five passes over outliers, and of fewer reports it is the middle of what came") {
    ReportWindow window;
    CHECK_FALSE(window.median(0.0).has_value());
    window.add(0.3, 0.0);
    CHECK(*window.median(0.0) == doctest::Approx(0.3));
    window.add(0.5, 1.0);
    CHECK(*window.median(1.0) == doctest::Approx(0.4));
    window.add(1.0, 2.0);
    CHECK(*window.median(2.0) == doctest::Approx(0.5));
    window.add(0.2, 3.0);
    window.add(0.2, 4.0);
    CHECK(*window.median(4.0) == doctest::Approx(0.3));
    window.add(0.2, 5.0);  // the first is gone: 0.5 1.0 0.2 0.2 0.2
    CHECK(*window.median(5.0) == doctest::Approx(0.2));
}

TEST_CASE("reports older than 10 s don't count") {
    ReportWindow window;
    window.add(0.9, 0.0);
    window.add(0.1, 5.0);
    CHECK(*window.median(10.0) == doctest::Approx(0.5));
    CHECK(*window.median(10.1) == doctest::Approx(0.1));
    CHECK_FALSE(window.median(15.1).has_value());
}

TEST_CASE("units are named exactly or refused with what is possible") {
    CHECK(MovementUnit::parse("percent").full == 100.0);
    CHECK(MovementUnit::parse("raw:0.6").full == doctest::Approx(0.6));
    CHECK(MovementUnit::parse("raw:600").name() == "raw:600");
    for (const auto* wrong : {"", "per cent", "raw", "raw:", "raw:-1", "raw:0", "raw:nan", "raw:1e999", "raw:5x"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS((void)MovementUnit::parse(wrong), UsageError);
    }
}

TEST_CASE("crowdstream's own bpm_config.json gives its table and one notice about its smoothing") {
    const auto config = parse_bpm_config(R"({"movement_bpm": {
        "movement_max_value": 0.6,
        "thresholds": {"very_very_low": 0.02, "very_low": 0.05, "low": 0.10, "medium": 0.10},
        "bpm_targets": {"very_very_low": 105.0, "very_low": 110.0, "low": 115.0, "medium": 118.0, "high_max": 130.0},
        "smoothing": {"transition_time_seconds": 30.0, "audio_loop_rate_hz": 100.0,
                      "smoothing_factor_up": 0.96, "smoothing_factor_down": 0.92}}})",
                                         "bpm_config.json");
    CHECK(config.warnings.empty());
    REQUIRE(config.notices.size() == 1);
    CHECK(config.notices.front().find("audio_loop_rate_hz, smoothing_factor_up, smoothing_factor_down") !=
          std::string::npos);
    CHECK(config.up_s == 30.0);
    const TempoTable table{config.table};
    // Its example: 18.6 % of movement above a medium of 10 % is 120.06 BPM, 120 in steps of 0.5.
    CHECK(table.target(table.step_of(0.186, {})).value == 120.0);
    CHECK(table.target(table.step_of(0.10, {})).value == 118.0);
    CHECK(table.target(table.step_of(0.60, {})).value == 130.0);
}

TEST_CASE("what a bpm_config.json doesn't say is the default, what it says counts") {
    const auto empty = parse_bpm_config("{}", "f");
    CHECK(empty.warnings.size() == 1);
    CHECK(empty.table.low == 0.10);
    const auto partial = parse_bpm_config(
        R"({"movement_bpm": {"thresholds": {"low": 0.08}, "bpm_targets": {"high_max": 135},
            "smoothing": {"transition_time_seconds": 15, "transition_time_down_seconds": 60}}})",
        "f");
    CHECK(partial.warnings.empty());
    CHECK(partial.table.low == 0.08);
    CHECK(partial.table.medium == 0.15);
    CHECK(partial.up_s == 15.0);
    CHECK(partial.down_s == 60.0);
    const TempoTable table{partial.table};
    CHECK(table.target(table.step_of(1.0, {})).value == 135.0);
    CHECK(table.target(table.step_of(0.09, {})).value == 118.0);
}

TEST_CASE("a threshold given below a default draws the default down with it, as in crowdstream's guide") {
    const auto config = parse_bpm_config(R"({"movement_bpm": {"thresholds": {"medium": 0.08}}})", "f");
    CHECK(config.warnings.empty());
    CHECK(config.table.low == 0.08);
    CHECK(config.table.very_low == 0.05);
    const TempoTable table{config.table};
    CHECK(table.target(table.step_of(0.079, {})).value == 115.0);
    CHECK(table.target(table.step_of(0.08, {})).value == 118.0);
    CHECK(table.target(table.step_of(0.34, {})).value == 124.0);  // half way from 8 % to 60 %
    const auto refusal = refusal_of(R"({"movement_bpm": {"thresholds": {"low": 0.1, "medium": 0.08}}})");
    CHECK(refusal.find("thresholds must ascend") != std::string::npos);
}

TEST_CASE("a movement_max_value above 1 is what values above 1 are measured against") {
    const auto config = parse_bpm_config(R"({"movement_bpm": {"movement_max_value": 50}})", "f");
    SourceUnits units{{}, config.above_one};
    CHECK(*units.read(camera, 0.5, 0.0).fraction == doctest::Approx(0.5));
    for (int i = 0; i < 9; ++i) {
        CHECK(*units.read(camera, 25.0, 0.0).fraction == 1.0);
    }
    CHECK(*units.read(camera, 25.0, 0.0).fraction == doctest::Approx(0.5));
    CHECK(*units.read(camera, 80.0, 0.0).fraction == doctest::Approx(1.0));
}

TEST_CASE("unknown keys of a bpm_config.json are warnings that name them") {
    const auto config =
        parse_bpm_config(R"({"movement_bpm": {"treshold": 1, "thresholds": {"medum": 0.1}}, "other": true})", "f");
    REQUIRE(config.warnings.size() == 3);
    CHECK(config.warnings[0].find("movement_bpm.thresholds.medum") != std::string::npos);
    CHECK(config.warnings[1].find("movement_bpm.treshold") != std::string::npos);
    CHECK(config.warnings[2].find("other") != std::string::npos);
}

TEST_CASE("wrong values in a bpm_config.json are errors that name the key") {
    CHECK(refusal_of(R"({"movement_bpm": {"thresholds": {"low": "10 %"}}})")
              .find("movement_bpm.thresholds.low is \"10 %\"") != std::string::npos);
    CHECK(refusal_of(R"({"movement_bpm": {"bpm_targets": {"medium": null}}})").find("bpm_targets.medium") !=
          std::string::npos);
    CHECK(refusal_of(R"({"movement_bpm": {"bpm_targets": {"medium": 4000}}})").find("from 20.0 to 400.0") !=
          std::string::npos);
    CHECK(refusal_of(R"({"movement_bpm": {"smoothing": {"transition_time_seconds": -1}}})")
              .find("transition_time_seconds") != std::string::npos);
    CHECK(refusal_of(R"({"movement_bpm": {"thresholds": {"low": 0.5}}})").find("thresholds must ascend") !=
          std::string::npos);
    CHECK(refusal_of(R"({"movement_bpm": {"movement_max_value": 0.1}})").find("movement_max_value") !=
          std::string::npos);
    CHECK(refusal_of(R"({"movement_bpm": []})").find("movement_bpm is array") != std::string::npos);
    CHECK(refusal_of("[1]").find("should be an object") != std::string::npos);
    CHECK(refusal_of(R"({"movement_bpm": {"thresholds": {"low": 1e999}}})").find("a number in it is beyond") !=
          std::string::npos);
    // Nested deeper than any stack.
    const std::string deep = std::string(400'000, '[') + std::string(400'000, ']');
    CHECK(refusal_of(R"({"movement_bpm": {"thresholds": {"low": )" + deep + "}}}")
              .find("movement_bpm.thresholds.low is array") != std::string::npos);
    CHECK(refusal_of("{\"movement_bpm\": ").find("not valid JSON") != std::string::npos);
    CHECK(refusal_of(std::string(100'000, '[')).find("not valid JSON") != std::string::npos);
    CHECK_THROWS_AS((void)read_bpm_config("/nowhere/bpm_config.json"), UsageError);
}

TEST_CASE("limbs move the EQ from its floor to flat, and a silent limb is flat") {
    LimbEq eq{25.0};
    CHECK(eq.percents(0.0) == LimbEq::Percents{50.0, 50.0, 50.0});
    for (int i = 0; i < 5; ++i) {
        eq.hear({0.0, TraceEvent::Kind::legs, 0.0, 0.0}, i);
        eq.hear({0.0, TraceEvent::Kind::arms, i < 4 ? 0.5 : 1.0, 0.0}, i);
        eq.hear({0.0, TraceEvent::Kind::total, 1.0, 0.0}, i);
    }
    CHECK(eq.percents(4.0).low == doctest::Approx(25.0));
    CHECK(eq.percents(4.0).mid == doctest::Approx(25.0 + 25.0 * 0.6));
    CHECK(eq.percents(4.0).high == doctest::Approx(50.0));
    CHECK(eq.percents(20.0) == LimbEq::Percents{50.0, 50.0, 50.0});
}
