// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/eq_curve.hpp"
#include "common/error.hpp"
#include "session/setlist/choice.hpp"
#include "session/setlist/handover.hpp"
#include "session/setlist/sections.hpp"
#include "session/setlist/timeline.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <set>
#include <string>
#include <vector>

using namespace crowdjack;

namespace {

const std::string header = "path,bpm,key,target_bpm,speed,ini_cue,begin_cue,end_cue,begin_cue_adj,end_cue_adj,"
                           "duration_orig,duration_sectioned,part_file_orig,part_file\n";

std::string row(const std::string& path, const std::string& begin, const std::string& end) {
    return path + ",126,Gm,125,0.992063,8.000000,40.000000,48.000000," + begin + "," + end +
           ",0:40.00,0:40.32,/p/o.wav,/p/a.wav\n";
}

std::string error_of(const std::string& text) {
    try {
        static_cast<void>(parse_sections(text, "set.csv"));
    } catch (const Failure& failure) {
        return failure.what();
    }
    return "";
}

Section track(const std::string& path, double bpm, double length_s = 100.0) {
    Section section;
    section.path = section.part_file = path;
    section.bpm = bpm;
    section.target_bpm = 120.0;
    section.begin_s = length_s * 0.8;
    section.end_s = length_s;
    return section;
}

std::vector<Section> ten_tracks() {
    std::vector<Section> set;
    for (int i = 0; i < 10; ++i) {
        set.push_back(track("t" + std::to_string(i), 100.0 + i));
    }
    return set;
}

}  // namespace

TEST_CASE("an export's sections are read with their cues in seconds of the part file") {
    const auto sections = parse_sections(header + row("/m/a.wav", "32.256000", "40.320000"), "set.csv");
    REQUIRE(sections.size() == 1);
    CHECK(sections[0].path == "/m/a.wav");
    CHECK(sections[0].part_file == "/p/a.wav");
    CHECK(sections[0].bpm == 126.0);
    CHECK(sections[0].target_bpm == 125.0);
    CHECK(sections[0].begin_s == 32.256);
    CHECK(sections[0].end_s == 40.32);
    CHECK(sections[0].line == 2);
    CHECK(sections[0].begin_beats() == doctest::Approx(67.2));
}

TEST_CASE("quoted commas, doubled quotes, line ends in fields, CRLF and a byte order mark are what RFC 4180 says") {
    const std::string odd = "\"/m/one, \"\"two\"\"\nthree.wav\"";
    const auto sections =
        parse_sections("\xEF\xBB\xBF" + header + row(odd, "1", "2") + "\r\n" + row("b", "3", "4"), "s");
    REQUIRE(sections.size() == 2);
    CHECK(sections[0].path == "/m/one, \"two\"\nthree.wav");
    CHECK(sections[1].line == 5);
    std::string windows = header + row("b", "3", "4");
    for (std::size_t i = 0; (i = windows.find('\n', i)) != std::string::npos; i += 2) {
        windows.replace(i, 1, "\r\n");
    }
    CHECK(parse_sections(windows, "s").at(0).part_file == "/p/a.wav");
    CHECK(parse_csv("a," + csv_field("/m/one, \"two\"\nthree.wav") + "\n", "s").at(0).fields.at(1) ==
          "/m/one, \"two\"\nthree.wav");
}

TEST_CASE("what is wrong with a setlist is said with its file, line and column") {
    CHECK(error_of("").find("set.csv: the file is empty") == 0);
    CHECK(error_of(header).find("no section is listed") != std::string::npos);
    CHECK(error_of("path,bpm\n").find("set.csv:1: no column 'part_file'") == 0);
    CHECK(error_of(header + row("a", "1", "2") + row("b", "1,5", "2")).find("set.csv:3: 15 fields") == 0);
    CHECK(error_of(header + row("a", "1s", "2")) == "set.csv:2: begin_cue_adj: '1s' is no number");
    CHECK(error_of(header + row("a", "nan", "2")).find("set.csv:2: begin_cue_adj") == 0);
    CHECK(error_of(header + row("a", "2", "2")).find("set.csv:2: end_cue_adj: must be after") == 0);
    CHECK(error_of(header + row("a", "-1", "2")).find("set.csv:2: begin_cue_adj") == 0);
    CHECK(error_of(header + "\"open,1,2\n").find("set.csv:2: a quote is opened") == 0);
    CHECK(error_of(header + "\"a\"b,1\n").find("set.csv:2: text follows a closing quote") == 0);
}

TEST_CASE("a section that can't be played is passed over and said as long as others are left") {
    std::vector<std::string> passed_over;
    const auto sections =
        parse_sections(header + row("a", "1", "2") + row("b", "2", "2") + row("c", "x", "2") + row("d", "1", "3"),
                       "set.csv", &passed_over);
    REQUIRE(sections.size() == 2);
    CHECK(sections[1].path == "d");
    REQUIRE(passed_over.size() == 2);
    CHECK(passed_over[0].find("set.csv:3: end_cue_adj: must be after") == 0);
    CHECK(passed_over[1].find("set.csv:4: begin_cue_adj: 'x'") == 0);
    CHECK_THROWS_AS((void)parse_sections(header + row("b", "2", "2"), "set.csv", &passed_over), Failure);
}

TEST_CASE("three columns are a setlist, in any order, with commas, semicolons or tabs, capitals and blanks") {
    for (const auto* text : {"part_file,begin_cue_adj,end_cue_adj\n/m/a.wav,8,12.5\n",
                             "end_cue_adj,part_file,begin_cue_adj\n12.5,/m/a.wav,8\n",
                             "part_file;begin_cue_adj;end_cue_adj\r\n/m/a.wav;8,0;12,5\r\n",
                             " Part File ; Begin_Cue_Adj ; END_CUE_ADJ ;\n /m/a.wav ; 8 ; 12.5 ;\n",
                             "part_file\tbegin_cue_adj\tend_cue_adj\tremark\n/m/a.wav\t8\t12.5\tgood, very; good\n",
                             "\xEF\xBB\xBFpart_file , begin_cue_adj , end_cue_adj\n\"/m/a.wav\" , 8 , 12.5\n",
                             "\n\nbpm,part_file,begin_cue_adj,end_cue_adj\n,/m/a.wav,8,12.5\n"}) {
        CAPTURE(text);
        const auto sections = parse_sections(text, "set.csv");
        REQUIRE(sections.size() == 1);
        CHECK(sections[0].part_file == "/m/a.wav");
        CHECK(sections[0].path == "/m/a.wav");
        CHECK(sections[0].begin_s == 8.0);
        CHECK(sections[0].end_s == 12.5);
        CHECK_FALSE(sections[0].tempo_known);
        CHECK(sections[0].target_bpm == 120.0);
    }
    const auto with_tempo = parse_sections("part_file,begin_cue_adj,end_cue_adj,BPM\na,8,12,124\n", "set.csv");
    CHECK(with_tempo[0].tempo_known);
    CHECK(with_tempo[0].target_bpm == 124.0);
}

TEST_CASE("one bad row is passed over and named, whatever is bad about it, and its neighbours play") {
    std::vector<std::string> passed_over;
    const std::string text = "part_file,begin_cue_adj,end_cue_adj\n"
                             "a,1,2\n"
                             "too,few\n"
                             "b,1,2\n"
                             "one,too,many,fields\n"
                             "c,1,2,,\n"
                             "\"quoted\" wrongly,1,2\n"
                             "d,1,2\n"
                             "\"never closed,1,2\n"
                             "e,1,2\n"
                             ",1,2\n"
                             "f,1,1e999\n";
    const auto sections = parse_sections(text, "set.csv", &passed_over);
    std::string played;
    for (const auto& section : sections) {
        played += section.part_file;
    }
    CHECK(played == "abcde");
    REQUIRE(passed_over.size() == 6);
    const std::array lines{3, 5, 7, 9, 11, 12};
    for (std::size_t i = 0; i < lines.size(); ++i) {
        CHECK(passed_over[i].starts_with("set.csv:" + std::to_string(lines[i]) + ": "));
    }
}

TEST_CASE("the crowd's trend is its last ten seconds against the set's first minute") {
    MovementTrend trend;
    CHECK(trend.at(0.0) == Trend::steady);
    for (int s = 0; s <= 60; ++s) {
        trend.add(s, 0.10);
    }
    CHECK(trend.at(60.0) == Trend::steady);
    for (int s = 61; s <= 80; ++s) {
        trend.add(s, 0.119);
    }
    CHECK(trend.at(80.0) == Trend::steady);
    for (int s = 81; s <= 95; ++s) {
        trend.add(s, 0.125);
    }
    CHECK(trend.at(95.0) == Trend::rising);
    for (int s = 96; s <= 110; ++s) {
        trend.add(s, 0.05);
    }
    CHECK(trend.at(110.0) == Trend::falling);
    CHECK(*trend.baseline() == doctest::Approx(0.10));
    // A detector that went silent says nothing about the crowd.
    CHECK(trend.at(121.0) == Trend::steady);
}

TEST_CASE("a quantile lies where numpy's does") {
    CHECK(quantile({3.0, 1.0, 2.0}, 0.5) == 2.0);
    CHECK(quantile({100.0, 101.0, 102.0, 103.0, 104.0, 105.0, 106.0, 107.0, 108.0, 109.0}, 0.7) ==
          doctest::Approx(106.3));
    CHECK(quantile({5.0}, 0.7) == 5.0);
}

TEST_CASE("a rising crowd gets the tracks above the 70th percentile, a falling one the others") {
    const auto set = ten_tracks();
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        TrackChooser rising{set, {seed, false, false}};
        TrackChooser falling{set, {seed, false, false}};
        std::set<std::size_t> high, low;
        for (int i = 0; i < 3; ++i) {
            high.insert(*rising.next(Trend::rising));
        }
        for (int i = 0; i < 7; ++i) {
            low.insert(*falling.next(Trend::falling));
        }
        CHECK(high == std::set<std::size_t>{7, 8, 9});
        CHECK(low == std::set<std::size_t>{0, 1, 2, 3, 4, 5, 6});
        // What the pool lacks comes from the rest rather than not at all.
        CHECK(*rising.next(Trend::rising) < 7);
    }
}

TEST_CASE("each section plays once, the same seed gives the same set, and another gives another") {
    const auto set = ten_tracks();
    const auto order = [&set](std::uint64_t seed) {
        TrackChooser chooser{set, {seed, false, false}};
        std::vector<std::size_t> drawn;
        while (const auto next = chooser.next(Trend::steady)) {
            drawn.push_back(*next);
        }
        return drawn;
    };
    const auto first = order(7);
    CHECK(first.size() == 10);
    CHECK(std::set<std::size_t>(first.begin(), first.end()).size() == 10);
    CHECK(order(7) == first);
    CHECK(order(8) != first);
}

TEST_CASE("a looping set never repeats a track at once, over its seam either") {
    auto set = ten_tracks();
    set.push_back(track("t9", 109.0));  // two sections of one track
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        TrackChooser chooser{set, {seed, true, false}};
        std::string last;
        for (int i = 0; i < 60; ++i) {
            const auto next = chooser.next(i % 3 == 0 ? Trend::rising : Trend::steady);
            REQUIRE(next);
            CHECK(set[*next].path != last);
            last = set[*next].path;
        }
    }
}

TEST_CASE("sections shorter than 0.9 of the median are left out and named") {
    auto set = ten_tracks();
    set[3] = track("short", 110.0, 89.9);
    set[4] = track("just long enough", 110.0, 90.1);
    set[5].begin_s = 1.0;  // two beats at 120
    TrackChooser chooser{set, {1, false, false}};
    REQUIRE(chooser.left_out().size() == 2);
    CHECK(chooser.left_out()[0].first == 3);
    CHECK(chooser.left_out()[0].second.find("0.9 of the median") != std::string::npos);
    CHECK(chooser.left_out()[1].first == 5);
    for (int i = 0; i < 8; ++i) {
        const auto next = chooser.next(Trend::steady);
        REQUIRE(next);
        CHECK(*next != 3);
        CHECK(*next != 5);
    }
    CHECK_FALSE(chooser.next(Trend::steady));
}

TEST_CASE("a listed order is kept whatever the crowd does") {
    const auto set = ten_tracks();
    TrackChooser chooser{set, {1, true, true}};
    for (std::size_t i = 0; i < 25; ++i) {
        CHECK(*chooser.next(i % 2 == 0 ? Trend::rising : Trend::falling) == i % 10);
    }
}

static double band_gain(const StripSetting& strip, Control band) {
    return double{strip.fader} * double{EqCurve{}.gain(strip.control(band)).value};
}

TEST_CASE("through a hand-over each band of two unrelated tracks keeps its power within 0.55 dB") {
    for (int i = 0; i <= 1000; ++i) {
        const double place = i / 1000.0;
        const StripSetting out = handover_setting(Side::outgoing, place);
        const StripSetting in = handover_setting(Side::incoming, place);
        for (const Control band : {Control::low, Control::mid, Control::high}) {
            const double a = band_gain(out, band);
            const double b = band_gain(in, band);
            CHECK(std::abs(10.0 * std::log10(a * a + b * b)) < 0.55);
        }
    }
}

/// What comes out of a strip, of a track whose bands have these powers.
static double power(const StripSetting& strip, const std::array<double, 3>& bands) {
    double sum = 0.0;
    for (std::size_t i = 0; i < bands.size(); ++i) {
        const double gain = band_gain(strip, std::array{Control::low, Control::mid, Control::high}[i]);
        sum += gain * gain * bands[i];
    }
    return sum;
}

TEST_CASE("whatever two tracks have in their bands, a hand-over is neither much quieter nor much louder than both") {
    constexpr std::array levels{0.02, 0.3, 1.0};
    std::vector<std::array<double, 3>> tracks;
    for (const double low : levels) {
        for (const double mid : levels) {
            for (const double high : levels) {
                tracks.push_back({low, mid, high});
            }
        }
    }
    double dip = 0.0;
    double bump = 0.0;
    for (int i = 0; i <= 200; ++i) {
        const StripSetting out = handover_setting(Side::outgoing, i / 200.0);
        const StripSetting in = handover_setting(Side::incoming, i / 200.0);
        for (const auto& from : tracks) {
            for (const auto& to : tracks) {
                const double mix = power(out, from) + power(in, to);
                const double one = power(StripSetting{}, from);
                const double other = power(StripSetting{}, to);
                dip = std::min(dip, 10.0 * std::log10(mix / std::min(one, other)));
                bump = std::max(bump, 10.0 * std::log10(mix / std::max(one, other)));
            }
        }
    }
    CHECK(dip > -2.0);
    CHECK(bump < 1.3);
}

TEST_CASE("highs come in first, lows go over at once in the middle, from silence to silence") {
    CHECK(handover_setting(Side::incoming, 0.0) == StripSetting{0.0F, 0.0F, 0.0F, 0.0F});
    CHECK(handover_setting(Side::outgoing, 0.0) == StripSetting{});
    CHECK(handover_setting(Side::incoming, 0.1).high > 0.0F);
    CHECK(handover_setting(Side::incoming, 0.19).mid == doctest::Approx(0.0));
    CHECK(handover_setting(Side::incoming, 0.39).low == doctest::Approx(0.0));
    CHECK(handover_setting(Side::outgoing, 0.39).low == 50.0F);
    CHECK(handover_setting(Side::incoming, 0.61).low == doctest::Approx(50.0));
    CHECK(handover_setting(Side::outgoing, 0.61).low == doctest::Approx(0.0));
    CHECK(handover_setting(Side::outgoing, 0.81).mid == doctest::Approx(0.0));
    CHECK(handover_setting(Side::outgoing, 0.9).high > 0.0F);
    CHECK(handover_setting(Side::outgoing, 1.0).fader == 0.0F);
    CHECK(handover_setting(Side::incoming, 1.0) == StripSetting{});
}

TEST_CASE("half-way through a band's ramp the strip stands at half its gain, not at half its percentage") {
    const StripSetting half = handover_setting(Side::incoming, 0.475);  // its lows come in from 0.4 to 0.55
    CHECK(band_gain(half, Control::low) == doctest::Approx(0.5).epsilon(1e-4));
    CHECK(half.low == doctest::Approx(37.457).epsilon(1e-4));
}

TEST_CASE("with a line a cue moves to the nearest beat of its track; without one it stays in unity time") {
    Timeline timeline{48000.0};
    // 31.99 beats at 125 BPM: the analysis missed the beat by 5 ms.
    const double cue_s = 31.99 * 60.0 / 125.0;
    CHECK(timeline.frame_of(timeline.on_grid({1000.0}, cue_s, 125.0)).value == 1000 + 32 * 23040);
    CHECK(timeline.frame_of(timeline.on_grid({1000.0}, 31.6 * 60.0 / 125.0, 125.0)).value ==
          1000 + std::llround(31.6 * 23040));
    timeline.add(TempoLine{JackFrame{0}, Beats{0.0}, Bpm{120.0}, JackFrame{0}, Bpm{120.0}, 48000.0});
    CHECK(timeline.on_grid({16.0}, cue_s, 125.0).at == 48.0);
    CHECK(timeline.frame_of({48.0}).value == 48 * 24000);
    CHECK(timeline.next_multiple(4.0, JackFrame{24001}).at == 4.0);
}
