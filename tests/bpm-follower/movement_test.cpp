// SPDX-License-Identifier: GPL-3.0-or-later
// What a detector says and what is believed of it: addresses and zones, units, reports that come twice.
#include "bpm-follower/conductor.hpp"
#include "bpm-follower/movement_zones.hpp"
#include "bpm-follower/source_units.hpp"
#include "bpm-follower/state_text.hpp"
#include "common/band_word.hpp"
#include "common/error.hpp"
#include "common/movement_address.hpp"
#include "common/protocol/addresses.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace crowdjack;

namespace {

constexpr double night_rate = 48000.0;
constexpr MovementSource detector{0x0100007F, 40000};
constexpr MovementSource another{0x0100007F, 40001};
constexpr MovementUnit percent{MovementUnit::Kind::percent, 100.0};

double fraction(SourceUnits& units, MovementSource source, double value, double now = 0.0) {
    return *units.read(source, value, now).fraction;
}

/// What a night of reports, one a second, makes of the tempo.
class Night {
public:
    Night() {
        conductor_.set_lead(Frames{4800});
        conductor_.begin(now_, night_rate);
    }

    void report(MovementSource source, double value, bool total = true) {
        const auto reading = units_.read(source, value, conductor_.seconds_at(now_));
        if (reading.notice == SourceUnits::Notice::unit_found) {
            conductor_.forget_reports();
        }
        if (total && reading.fraction) {
            conductor_.report(now_, *reading.fraction);
        }
    }
    void second() {
        for (int i = 0; i < 10; ++i) {
            now_ = now_ + Frames{4800};
            conductor_.tick(now_);
        }
    }
    [[nodiscard]] double target() const { return conductor_.target().value; }

private:
    SourceUnits units_{{}, percent};
    Conductor conductor_{{}, night_rate};
    JackFrame now_{480'000};
};

}  // namespace

TEST_CASE("one report above 1, one limb above 1, one report of 50 and a restart leave the tempo at 126") {
    Night night;
    MovementSource source = detector;
    for (int i = 0; i < 60; ++i) {
        night.report(source, i == 20 ? 1.05 : 0.45);
        night.report(source, i == 30 ? 1.1 : 0.4, false);
        if (i == 40) {
            night.report({detector.host, 50'000}, 50.0);  // oscsend, once
        }
        if (i == 50) {
            source = another;  // the detector was restarted
        }
        night.second();
        CHECK(night.target() == 126.0);
    }
}

TEST_CASE("two dancers whose tracks are mixed up for two frames don't make a detector percent") {
    Night night;
    for (int i = 0; i < 60; ++i) {
        const bool mixed_up = i == 30 || i == 31;
        night.report(detector, mixed_up ? 4.28 : 0.45);
        for (const double limb : {3.1, 2.2, 4.0}) {
            night.report(detector, mixed_up ? limb : 0.3, false);
        }
        night.second();
    }
    CHECK(night.target() == 126.0);
}

TEST_CASE("a detector that counts in percent is found within ten reports, and its tempo is right at once") {
    Night night;
    for (int i = 0; i < 10; ++i) {
        night.second();
        night.report(detector, 37.5);
    }
    CHECK(night.target() == 124.0);
}

TEST_CASE("ten reports above 2 within twenty make a source percent, nine don't, and others keep their unit") {
    SourceUnits units{{}, percent};
    CHECK(fraction(units, detector, 1.05) == 1.0);
    CHECK(fraction(units, detector, 0.45) == 0.45);
    for (int i = 0; i < 9; ++i) {
        CHECK(fraction(units, detector, 45.0) == 1.0);
        CHECK(fraction(units, detector, 0.45) == 0.45);
    }
    CHECK(units.found().empty());
    const auto tenth = units.read(detector, 45.0, 0.0);
    CHECK(*tenth.fraction == doctest::Approx(0.45));
    CHECK(tenth.notice == SourceUnits::Notice::unit_found);
    CHECK(units.found() == std::vector{detector});
    CHECK(units.read(detector, 45.0, 0.0).notice == SourceUnits::Notice::none);
    CHECK(fraction(units, detector, 0.5) == doctest::Approx(0.005));
    CHECK(fraction(units, another, 0.3) == doctest::Approx(0.3));
    CHECK(units.unit_in_use() == "mixed");

    SourceUnits sparse{{}, percent};
    for (int i = 0; i < 100; ++i) {
        CHECK(fraction(sparse, detector, i % 20 < 9 ? 45.0 : 0.45) <= 1.0);
    }
    CHECK(sparse.found().empty());
    CHECK(sparse.unit_in_use() == "fraction");
}

TEST_CASE("a percent detector that sends each report from another port is found, too, and no other port is") {
    SourceUnits units{{}, percent};
    std::uint16_t port = 40'000;
    for (int i = 0; i < 9; ++i) {
        CHECK(fraction(units, {detector.host, port++}, 30.0) == 1.0);
    }
    for (int i = 0; i < 100; ++i) {
        CHECK(fraction(units, {detector.host, port++}, 30.0) == doctest::Approx(0.3));
    }
    const MovementSource own{detector.host, 2000};
    (void)units.read(own, 0.3, 0.0);
    CHECK(fraction(units, own, 0.3) == doctest::Approx(0.3));
    CHECK(fraction(units, {detector.host + 1, 2000}, 0.3) == doctest::Approx(0.3));
}

TEST_CASE("a settled unit is not guessed at, and may be settled anew at any time") {
    SourceUnits units{MovementUnit::parse("raw:50"), percent};
    CHECK(fraction(units, detector, 0.5) == doctest::Approx(0.01));
    CHECK(fraction(units, detector, 25.0) == doctest::Approx(0.5));
    CHECK(fraction(units, detector, 500.0) == 1.0);
    units.settle(MovementUnit::parse("fraction"));
    for (int i = 0; i < 30; ++i) {
        CHECK(fraction(units, detector, 45.0) == 1.0);
    }
    CHECK(fraction(units, detector, 0.3) == doctest::Approx(0.3));
    units.settle(MovementUnit::parse("percent"));
    CHECK(fraction(units, detector, 0.3) == doctest::Approx(0.003));
    units.settle({});
    CHECK(fraction(units, detector, 0.3) == doctest::Approx(0.3));
}

TEST_CASE("negative movement is refused and said once, and too much is held to full") {
    SourceUnits units{{}, percent};
    CHECK(units.read(detector, -0.1, 0.0).notice == SourceUnits::Notice::below_nothing);
    CHECK_FALSE(units.read(detector, -0.1, 0.0).fraction.has_value());
    CHECK(units.read(detector, -0.1, 0.0).notice == SourceUnits::Notice::none);
    CHECK(fraction(units, detector, 1e30) == 1.0);
    for (int i = 0; i < 20; ++i) {
        (void)units.read(another, 45.0, 0.0);
    }
    const auto much = units.read(another, 400.0, 0.0);
    CHECK(*much.fraction == 1.0);
    CHECK(much.notice == SourceUnits::Notice::above_full);
    CHECK(units.read(another, 400.0, 0.0).notice == SourceUnits::Notice::none);
}

TEST_CASE("a thousand ports that were used once don't drive out a percent detector") {
    SourceUnits units{{}, percent};
    for (int i = 0; i < 10; ++i) {
        (void)units.read(detector, 45.0, i);
    }
    for (int i = 0; i < 1000; ++i) {
        (void)units.read({detector.host, static_cast<std::uint16_t>(i)}, 0.3, 10.0 + i);
    }
    CHECK(units.sources() <= 64);
    CHECK(fraction(units, detector, 50.0, 2000.0) == doctest::Approx(0.5));
}

TEST_CASE("what was found out and what was asked for about units outlives a restart") {
    SavedState state;
    state.units = {"raw:600", {detector, another}};
    state.conductor.stays = true;
    const auto again = parse_state(to_text(state));
    CHECK(again.units.asked_for == "raw:600");
    CHECK(again.units.found == state.units.found);
    CHECK(again.conductor.stays);
    SourceUnits units{{}, percent};
    units.restore(again.units.found);
    CHECK(fraction(units, detector, 45.0) == doctest::Approx(0.45));
    CHECK(detector.name() == "127.0.0.1:40000");
    for (const auto* wrong : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "x:1", "127.0.0.1:1x"}) {
        CHECK_FALSE(MovementSource::named(wrong).has_value());
    }
    auto text = to_text(state);
    text.replace(text.find("raw:600"), 7, "furlong");
    CHECK_THROWS_AS((void)parse_state(text), Failure);
}

TEST_CASE("any prefix before a known last part is a zone") {
    const auto zone = [](const char* address) {
        const auto found = movement_address(address);
        return found ? std::string{found->zone} : std::string{"none"};
    };
    for (const auto* address : {at::dance_total_movement, "/total_movement", "/movement/arms", "/arms", "/head"}) {
        CHECK(zone(address) == "dance");
    }
    CHECK(zone("/cam2/total_movement") == "cam2");
    CHECK(zone("/left/arm_movement") == "left");
    CHECK(zone("/hall/left/leg_movement") == "hall/left");
    CHECK(movement_address("/left/arm_movement")->part == MovementPart::arms);
    CHECK(movement_address("/x/person_count")->part == MovementPart::people);
    for (const auto* other : {"", "/", "total_movement", "/dance/total", "/dance/nonsense", "/total_movement/x",
                              "/a b/total_movement", "/a,b/head", "/\n/head"}) {
        CAPTURE(other);
        CHECK(zone(other) == "none");
    }
    CHECK(zone(("/" + std::string(65, 'z') + "/head").c_str()) == "none");
}

TEST_CASE("poses are known by their address, in every spelling") {
    for (const auto* address : {"/dance/person/0/keypoints", "/dance/pose/person/3/keypoints", "/pose/keypoints",
                                "/pose/3", "/cam2/pose/person/0/keypoints", "/keypoints", "/keypoints/7"}) {
        CAPTURE(address);
        CHECK(is_pose_address(address));
    }
    for (const auto* address : {at::dance_total_movement, "/poses", "/dance/keypoint", at::tempo_state}) {
        CAPTURE(address);
        CHECK_FALSE(is_pose_address(address));
    }
}

TEST_CASE("zones make one movement by mean, maximum or sum of their medians, by weight") {
    const auto mixed = [](const char* mix, const std::vector<const char*>& weights) {
        ZoneSettings settings;
        settings.mix = ZoneSettings::parse_mix(mix);
        for (const auto* weight : weights) {
            settings.add_weight(weight);
        }
        MovementZones zones{settings, 60.0};
        for (int i = 0; i < 5; ++i) {
            zones.report("dance", i == 2 ? 1.0 : 0.2, i);  // the median passes over the one
            zones.report("cam2", 0.6, i);
        }
        return *zones.movement(4.0);
    };
    CHECK(mixed("mean", {}) == doctest::Approx(0.4));
    CHECK(mixed("max", {}) == doctest::Approx(0.6));
    CHECK(mixed("sum", {}) == doctest::Approx(0.8));
    CHECK(mixed("mean", {"cam2=0.5"}) == doctest::Approx(0.5 / 1.5));
    CHECK(mixed("max", {"cam2=0.5"}) == doctest::Approx(0.3));
    CHECK(mixed("sum", {"/cam2=0.5"}) == doctest::Approx(0.5));
    CHECK(mixed("sum", {"cam2=10"}) == 1.0);
    CHECK(mixed("mean", {"cam2=0", "dance=0"}) == 0.0);
    ZoneSettings settings;
    CHECK_THROWS_AS((void)ZoneSettings::parse_mix("average"), UsageError);
    for (const auto* wrong : {"", "cam2", "cam2=", "=1", "cam2=-1", "cam2=nan", "cam2=101", "cam2=1x"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(settings.add_weight(wrong), UsageError);
    }
}

TEST_CASE("a zone that falls silent no longer counts, and the others go on") {
    MovementZones zones{{}, 60.0};
    zones.report("cam1", 0.6, 0.0);
    for (int i = 0; i <= 59; ++i) {
        zones.report("cam2", 0.2, i);
        CHECK(*zones.movement(i) == doctest::Approx(0.4));
    }
    zones.report("cam2", 0.2, 60.0);
    CHECK(*zones.movement(60.0) == doctest::Approx(0.2));
    CHECK(zones.levels(60.0).size() == 1);
    CHECK_FALSE(zones.movement(120.0).has_value());
    for (int i = 0; i < 1000; ++i) {
        zones.report("zone" + std::to_string(i), 0.2, 130.0);
    }
    CHECK(zones.levels(130.0).size() <= 32);
}

TEST_CASE("a report that comes to two ports of ours counts once, and two equal ones to one port count twice") {
    RepeatedReports reports;
    const auto comes = [&](std::size_t port, double value, double when, std::uint32_t host = 1,
                           const char* address = at::dance_total_movement) {
        return reports.is_repetition({host, port, address, value}, when);
    };
    CHECK_FALSE(comes(57120, 0.45, 0.0));
    CHECK(comes(57122, 0.45, 0.001));
    CHECK_FALSE(comes(57122, 0.45, 0.002));  // its own next report
    CHECK(comes(57120, 0.45, 0.003));
    CHECK_FALSE(comes(57120, 0.45, 0.004));
    CHECK_FALSE(comes(57122, 0.46, 0.005));                             // another value
    CHECK_FALSE(comes(57122, 0.45, 0.006, 2));                          // another host
    CHECK_FALSE(comes(57120, 0.46, 0.006, 1, "/cam2/total_movement"));  // another address
    CHECK_FALSE(comes(57120, 0.9, 1.0));
    CHECK_FALSE(comes(57122, 0.9, 1.2));  // too late to be the same
    CHECK(reports.found() == 2);
    for (int i = 0; i < 100'000; ++i) {
        (void)comes(57120, i, 2.0);
    }
    CHECK_FALSE(comes(57122, 5.0, 2.0));  // forgotten: what is remembered is bounded
}

TEST_CASE("a band is whatever begins with lo, mi or hi") {
    CHECK(eq_band_named("low") == EqBand::low);
    CHECK(eq_band_named("LOWS") == EqBand::low);
    CHECK(eq_band_named("middle") == EqBand::mid);
    CHECK(eq_band_named("hi") == EqBand::high);
    for (const auto* other : {"", "l", "bass", "treble", "m"}) {
        CHECK_FALSE(eq_band_named(other).has_value());
    }
}
