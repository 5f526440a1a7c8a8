// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/musical_key.hpp"
#include "struct-export/section_csv.hpp"
#include "struct-export/tempo_truth.hpp"
#include "struct-export/text.hpp"
#include "struct-export/track_plot.hpp"
#include "struct-export/track_struct.hpp"
#include "tests/support/surroundings.hpp"

#include <doctest/doctest.h>
#include <pugixml.hpp>

#include <array>
#include <cmath>
#include <random>

using namespace crowdjack;

namespace {

/// Beat times as an analysis writes them: to 10 ms.
std::vector<double> beats_at(double bpm, int count) {
    std::vector<double> beats;
    for (int i = 0; i < count; ++i) {
        beats.push_back(std::round((0.5 + i * 60.0 / bpm) * 100.0) / 100.0);
    }
    return beats;
}

TempoTruth truth(double rekordbox, double json, const std::vector<double>& beats,
                 TempoSource wanted = TempoSource::automatic) {
    return choose_tempo({rekordbox, json, fit_tempo(beats), {}}, wanted);
}

ExportPlan plan_of(const std::string& name, double bpm, double target) {
    ExportPlan plan;
    plan.track.name = name;
    plan.tempo = {bpm, TempoSource::json, {}, {}};
    plan.target_bpm = target;
    plan.order.audio = "/music/" + name + ".wav";
    plan.order.part_fitted = "/parts/" + name + "_sectioned.wav";
    plan.order.part_original = "/parts/orig/" + name + "_sectioned.wav";
    plan.order.cues = {{12.82}, {57.62}, {70.44}};
    plan.order.speed = target / bpm;
    plan.begin_fitted = Seconds{(57.62 - 12.82) / plan.order.speed};
    plan.end_fitted = Seconds{(70.44 - 12.82) / plan.order.speed};
    return plan;
}

}  // namespace

TEST_CASE("a tempo is read off beats to within a thousandth, through gaps, doubles and strays") {
    CHECK(fit_tempo(beats_at(127.6, 300))->bpm == doctest::Approx(127.6).epsilon(1e-5));
    CHECK(fit_tempo(beats_at(127.6, 300))->firm());
    std::mt19937 random{7};
    std::vector<double> beats = beats_at(126.98, 400);
    std::uniform_real_distribution<double> anywhere{0.0, beats.back()};
    for (int i = 0; i < 30; ++i) {
        beats.erase(beats.begin() + static_cast<std::ptrdiff_t>(random() % beats.size()));
    }
    beats.insert(beats.end(), {beats[10], beats[20] + 0.005, anywhere(random)});
    CHECK(fit_tempo(beats)->bpm == doctest::Approx(126.98).epsilon(5e-5));
    CHECK_FALSE(fit_tempo({1.0, 1.5, 2.0}).has_value());
    CHECK_FALSE(fit_tempo({}).has_value());
    CHECK_FALSE(fit_tempo(std::vector<double>(100, 3.0)).has_value());
    CHECK_FALSE(fit_tempo({0.7, 1.7, 4294967296.0, 18446744073709551616.0}).has_value());  // a beat in centuries
    CHECK_FALSE(fit_tempo({0.0, 1e300, 1.5e308, 1.7e308}).has_value());
}

TEST_CASE("beats of a track that wanders are no firm word") {
    std::vector<double> beats{0.0};
    for (int i = 0; i < 200; ++i) {
        beats.push_back(beats.back() + (i < 100 ? 0.5 : 0.45));
    }
    CHECK_FALSE(fit_tempo(beats)->firm());
}

TEST_CASE("Rekordbox is believed first, then firm beats against a rounded number, then the number") {
    CHECK(truth(122.5, 120.0, beats_at(122.5, 200)).bpm == 122.5);
    CHECK(truth(122.5, 120.0, {}).source == TempoSource::rekordbox);

    const TempoTruth rounded = truth(0.0, 128.0, beats_at(127.6, 200));
    CHECK(rounded.source == TempoSource::beats);
    CHECK(rounded.bpm == doctest::Approx(127.6).epsilon(1e-5));

    CHECK(truth(0.0, 122.0, beats_at(122.0, 200)).source == TempoSource::json);  // agree: the number as it stands
    CHECK(truth(0.0, 122.0, beats_at(122.0, 200)).bpm == 122.0);
    CHECK(truth(0.0, 128.0, beats_at(127.6, 20)).source == TempoSource::json);   // too few beats to overrule
    CHECK(truth(0.0, 128.0, beats_at(100.0, 200)).source == TempoSource::json);  // another metre: not a correction
    CHECK(truth(0.0, 0.0, beats_at(100.0, 10)).source == TempoSource::beats);
    CHECK(truth(0.0, 0.0, {}).bpm == 0.0);
    CHECK(truth(0.0, 128.0, beats_at(63.8, 200)).bpm == doctest::Approx(127.6).epsilon(1e-5));  // half time
}

TEST_CASE("a named source is used whatever the others say") {
    CHECK(truth(122.5, 120.0, beats_at(121.0, 200), TempoSource::json).bpm == 120.0);
    CHECK(truth(122.5, 120.0, beats_at(121.0, 200), TempoSource::beats).bpm == doctest::Approx(121.0).epsilon(1e-5));
    CHECK(truth(0.0, 120.0, {}, TempoSource::rekordbox).bpm == 0.0);
}

TEST_CASE("sources that disagree by more than half a percent are told, others not") {
    CHECK(truth(122.5, 122.0, beats_at(122.4, 200)).warning.empty());
    const std::string warning = truth(122.5, 120.0, beats_at(122.5, 200)).warning;
    CHECK(warning == "json says 120.00 (-2.0 %)");
    CHECK(truth(0.0, 128.0, beats_at(126.98, 200)).warning == "json says 128.00 (0.8 %)");
    CHECK(truth(0.0, 128.0, beats_at(100.0, 200)).warning == "beats says 100.00 (-21.9 %)");
}

namespace {

/// A drummer: beats that wander around a mean tempo by `wander_s`, written to 10 ms.
std::vector<double> drummed(double bpm, int count, double wander_s, std::uint32_t seed = 4) {
    std::mt19937 random{seed};
    std::normal_distribution<double> hand{0.0, 0.012};
    std::vector<double> beats;
    for (int i = 0; i < count; ++i) {
        const double time = 0.5 + i * 60.0 / bpm + wander_s * std::sin(i / 20.0) + hand(random);
        beats.push_back(std::round(std::max(0.0, time) * 100.0) / 100.0);
    }
    return beats;
}

/// Sections of 32 beats after an intro of 16: handed over from the 176th to the 208th.
TempoTruth section_truth(double rekordbox, double json, const std::vector<double>& beats) {
    const Cues cues{{beats[16]}, {beats[176]}, {beats[208]}};
    return choose_tempo({rekordbox, json, fit_tempo(beats), SectionBeats::of(beats, cues)});
}

}  // namespace

TEST_CASE("a BPM is believed while it is in time at the hand-over, and no longer") {
    // 96 called 95 is 1.7 beats off after 160, 127.5 called 128 not even half a per cent but 0.6 beats.
    const TempoTruth slow = section_truth(0.0, 95.0, drummed(96.0, 300, 0.05));
    CHECK(slow.source == TempoSource::beats);
    CHECK(slow.bpm == doctest::Approx(96.0).epsilon(0.001));
    CHECK(std::abs(slow.phase->at_begin) < 0.1);
    CHECK(slow.warning.find("json says 95.00 (-1.") == 0);
    CHECK(slow.warning.find(" beats off at the hand-over") != std::string::npos);
    const TempoTruth rounded = section_truth(0.0, 128.0, drummed(127.5, 300, 0.02));
    CHECK(rounded.source == TempoSource::beats);
    CHECK(rounded.bpm == doctest::Approx(127.5).epsilon(0.0005));
    CHECK(rounded.warning.find("json says 128.00 (0.4 %), 0.") == 0);
    // Rekordbox's number is held against the beats like any other.
    CHECK(section_truth(96.0, 95.0, drummed(96.0, 300, 0.02)).source == TempoSource::rekordbox);
    CHECK(section_truth(95.0, 0.0, drummed(96.0, 300, 0.02)).source == TempoSource::beats);
    // A number that is right stays as it is written, also where a drummer is no machine.
    CHECK(section_truth(0.0, 96.0, drummed(96.0, 300, 0.02)).bpm == 96.0);
    CHECK(section_truth(0.0, 96.0, drummed(96.0, 300, 0.02)).warning.empty());
    // An octave is no error.
    CHECK(section_truth(0.0, 192.0, drummed(96.0, 300, 0.02)).bpm == doctest::Approx(192.0).epsilon(5e-4));
    CHECK(section_truth(0.0, 120.0, drummed(96.0, 300, 0.02)).source ==
          TempoSource::json);  // something else is counted
}

TEST_CASE("where no single BPM fits it is said, by how many beats") {
    std::vector<double> beats;
    double time = 0.0;
    for (int i = 0; i < 300; ++i) {
        beats.push_back(std::round(time * 100.0) / 100.0);
        time += 60.0 / (118.0 + 6.0 * i / 300.0);  // gets faster all the time
    }
    const TempoTruth truth = section_truth(0.0, 120.0, beats);
    CHECK(truth.no_single_bpm());
    CHECK_FALSE(section_truth(0.0, 96.0, drummed(96.0, 300, 0.02)).no_single_bpm());
}

TEST_CASE("beats of a section are counted through gaps, doubles and strays, or not at all") {
    const Cues cues{{8.5}, {88.5}, {104.5}};
    auto beats = beats_at(120.0, 300);
    CHECK(SectionBeats::of(beats, cues)->bpm() == doctest::Approx(120.0).epsilon(1e-4));
    CHECK(SectionBeats::of(beats, cues)->beat_at(88.5) == doctest::Approx(160.0));
    beats.erase(beats.begin() + 40, beats.begin() + 43);
    beats.insert(beats.begin() + 90, {beats[90] + 0.01, beats[90] + 0.2});
    CHECK(SectionBeats::of(beats, cues)->beat_at(88.5) == doctest::Approx(160.0));
    CHECK(SectionBeats::of(beats, cues)->bpm() == doctest::Approx(120.0).epsilon(1e-3));
    std::mt19937 random{5};
    std::uniform_real_distribution<double> anywhere{0.0, 120.0};
    std::vector<double> noise;
    for (int i = 0; i < 240; ++i) {
        noise.push_back(anywhere(random));
    }
    CHECK_FALSE(SectionBeats::of(noise, cues).has_value());
    CHECK_FALSE(SectionBeats::of({}, cues).has_value());
    CHECK_FALSE(SectionBeats::of(std::vector<double>(100, 3.0), cues).has_value());
    CHECK_FALSE(SectionBeats::of(beats_at(120.0, 100), cues).has_value());  // they end in its middle
}

TEST_CASE("the tempi of real analyses: whole numbers that their own beats correct") {
    const auto data = test::real_data();
    if (!data) {
        MESSAGE("no real-world files beside this checkout: skipped");
        return;
    }
    const TrackStruct house = read_track_struct(*data / "allin1" / "lenuxo-stutter-house-a.json");
    const TempoTruth tempo = truth(0.0, house.bpm, house.beats);
    CHECK(house.bpm == 128.0);
    CHECK(tempo.source == TempoSource::beats);
    CHECK(tempo.bpm == doctest::Approx(127.0).epsilon(0.0005));  // 32 beats in the 15.12 s of a segment
}

TEST_CASE("the set's CSV: columns, order, formats") {
    std::vector<ExportPlan> plans{plan_of("a", 124.0, 122.5), plan_of("b, \"live\"", 126.98, 122.5),
                                  plan_of("failed", 120.0, 122.5)};
    plans[1].key = "Gm";
    std::vector<Outcome> outcomes(3);
    outcomes[0].result = CutResult{{2'540'952}, {2'572'066}, 44100.0, 0, 0, {}};
    outcomes[1].result = CutResult{{2'765'760}, {2'880'000}, 48000.0, 0, 0, {}};
    outcomes[2].reason = "failed";
    CHECK(section_csv(plans, outcomes) ==
          "path,bpm,key,target_bpm,speed,ini_cue,begin_cue,end_cue,begin_cue_adj,end_cue_adj,duration_orig,"
          "duration_sectioned,part_file_orig,part_file\n"
          "/music/a.wav,124,,122.5,0.9879032258064516,12.820000,57.620000,70.440000,45.348571,58.325551,0:57.62,"
          "0:58.32,/parts/orig/a_sectioned.wav,/parts/a_sectioned.wav\n"
          "\"/music/b, \"\"live\"\".wav\",126.98,Gm,122.5,0.9647188533627342,12.820000,57.620000,70.440000,46.438400,"
          "59.727246,0:57.62,1:00.00,\"/parts/orig/b, \"\"live\"\"_sectioned.wav\",\"/parts/b, "
          "\"\"live\"\"_sectioned.wav\"\n");
    const std::vector<SkippedTrack> skipped{{"/s/x.json", "x.wav", "audio missing", "tried /a, /b"}};
    CHECK(skipped_csv(skipped) == "struct,path,reason,detail\n/s/x.json,x.wav,audio missing,\"tried /a, /b\"\n");
}

TEST_CASE("a key is the same in every notation") {
    // Both wheels against the names, round the circle of fifths from C.
    const std::vector<std::string> majors{"C", "G", "D", "A", "E", "B", "Gb", "Db", "Ab", "Eb", "Bb", "F"};
    const std::vector<std::string> minors{"Am", "Em", "Bm", "F#m", "C#m", "G#m", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm"};
    for (int i = 0; i < 12; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const std::string camelot = std::to_string((i + 7) % 12 + 1);
        const std::string open_key = std::to_string(i + 1);
        CAPTURE(camelot);
        CHECK(same_key(camelot + "B", majors[at]));
        CHECK(same_key(open_key + "d", majors[at]));
        CHECK(same_key(camelot + "A", minors[at]));
        CHECK(same_key(open_key + "m", minors[at]));
        CHECK_FALSE(same_key(majors[at], minors[at]));
        CHECK_FALSE(same_key(majors[at], majors[(at + 1) % 12]));
    }
    for (const auto* spelling : {"Gm", "gm", " G minor", "G min", "g-moll", "G:min", "6A", "06a", "11m", "11M"}) {
        CAPTURE(spelling);
        CHECK(same_key(spelling, "Gm"));
    }
    for (const auto* spelling : {"G#m", "Abm", "A\u266dm", "A flat minor", "G\u266f minor", "1A"}) {
        CAPTURE(spelling);
        CHECK(same_key(spelling, "G#m"));
    }
    for (const auto* none : {"", "H", "13A", "0A", "6C", "6", "Gm7", "key", "A#b", "all"}) {
        CAPTURE(none);
        CHECK_FALSE(musical_key(none).has_value());
        CHECK_FALSE(same_key(none, "Gm"));
    }
    CHECK(same_key("Off-key ", "off-KEY"));  // what names no key is compared as it stands
}

TEST_CASE("durations round like a clock") {
    CHECK(minutes_text({0.0}) == "0:00.00");
    CHECK(minutes_text({9.994}) == "0:09.99");
    CHECK(minutes_text({59.996}) == "1:00.00");
    CHECK(minutes_text({61.5}) == "1:01.50");
    CHECK(minutes_text({3599.999}) == "60:00.00");
    CHECK(fixed(-0.0000001, 6) == "0.000000");
    CHECK(fixed(1.5, 6) == "1.500000");
    CHECK(shortest(122.0) == "122");
}

TEST_CASE("a track's picture is well-formed and shows every segment and cue, whatever its name") {
    ExportPlan plan = plan_of("<b> & \"c\"", 124.0, 122.5);
    plan.track.segments = {{{0.0}, {12.82}, "intro"}, {{12.82}, {80.0}, "<script>"}, {{80.0}, {80.0}, "end"}};
    plan.track.beats = {0.5, 1.0, 1.5};
    plan.track.downbeats = {0.5};
    Waveform waveform;
    waveform.length = Seconds{120.0};
    waveform.columns.assign(1552, {-0.5F, 0.5F, 0.2F});
    const std::string svg = track_svg(plan, waveform);
    pugi::xml_document document;
    REQUIRE(document.load_string(svg.c_str()));
    CHECK(std::string{document.document_element().name()} == "svg");
    CHECK(document.select_nodes("//polygon").size() == 2);
    CHECK(document.select_node("//text[contains(., 'ini 0:12.82')]"));
    CHECK(document.select_node("//text[contains(., 'begin 0:57.62')]"));
    CHECK(document.select_node("//text[contains(., 'end 1:10.44')]"));
    CHECK(document.select_node("//text[contains(., '<script>')]"));
}

TEST_CASE("the labels of cues close to each other cover none of each other") {
    for (const double begin : {12.82, 13.0, 14.0, 20.0, 117.0}) {
        for (const double end : {begin + 0.5, begin + 2.0, 119.9}) {
            ExportPlan plan = plan_of("close", 124.0, 122.5);
            plan.order.cues = {{12.82}, {begin}, {end}};
            Waveform waveform;
            waveform.length = Seconds{120.0};
            waveform.columns.assign(1552, {-0.5F, 0.5F, 0.2F});
            pugi::xml_document document;
            REQUIRE(document.load_string(track_svg(plan, waveform).c_str()));
            std::vector<std::array<double, 4>> boxes;
            for (const auto& found : document.select_nodes("//rect[@rx='3']")) {
                const auto rect = found.node();
                boxes.push_back({rect.attribute("x").as_double(), rect.attribute("y").as_double(),
                                 rect.attribute("width").as_double(), rect.attribute("height").as_double()});
            }
            REQUIRE(boxes.size() == 3);
            const double tall = document.document_element().attribute("height").as_double();
            for (std::size_t i = 0; i < boxes.size(); ++i) {
                CHECK(boxes[i][0] >= 0.0);
                CHECK(boxes[i][0] + boxes[i][2] <= 1600.0);
                CHECK(boxes[i][1] + boxes[i][3] <= tall);
                for (std::size_t k = 0; k < i; ++k) {
                    const bool beside =
                        boxes[i][0] + boxes[i][2] <= boxes[k][0] || boxes[k][0] + boxes[k][2] <= boxes[i][0];
                    const bool below =
                        boxes[i][1] + boxes[i][3] <= boxes[k][1] || boxes[k][1] + boxes[k][3] <= boxes[i][1];
                    CHECK((beside || below));
                }
            }
        }
    }
}
