// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/track_grid.hpp"
#include "struct-export/analysis/analysis_run.hpp"
#include "struct-export/musical_key.hpp"
#include "tests/support/song.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <fstream>
#include <iterator>
#include <random>

using namespace crowdjack;
namespace fs = std::filesystem;

namespace {

const std::atomic<bool> go_on{false};

TrackAnalysis analysed(const fs::path& file, const AnalysisSettings& settings = {}) {
    return analyse_track(file, settings, go_on, [](double) {});
}

test::SongSpec spec_of(test::Style style, double bpm, int bars = 24) {
    test::SongSpec spec;
    spec.style = style;
    spec.bpm = bpm;
    spec.bars = bars;
    spec.lead_in_s = 0.3;
    spec.key = 21;  // A minor
    return spec;
}

struct Studio {
    test::TemporaryFolder folder;

    fs::path song(const test::SongSpec& spec, const std::string& name = "song.wav") const {
        const test::Song song = test::make_song(spec);
        test::write_audio(folder / name, song.stereo, 2, spec.rate, test::SampleFormat::pcm16);
        return folder / name;
    }
    fs::path samples(const std::vector<float>& mono, const std::string& name = "sound.wav") const {
        test::write_audio(folder / name, mono, 1, 44100, test::SampleFormat::pcm16);
        return folder / name;
    }
};

/// A decaying tone.
void add_hit(std::vector<float>& sound, double at_s, double hertz, double gain, double decay_s) {
    const auto first = static_cast<std::size_t>(at_s * 44100.0);
    for (std::size_t i = 0; first + i < sound.size() && static_cast<double>(i) < 5.0 * decay_s * 44100.0; ++i) {
        const double t = static_cast<double>(i) / 44100.0;
        sound[first + i] += static_cast<float>(gain * std::exp(-t / decay_s) * std::sin(6.2831853 * hertz * t));
    }
}

}  // namespace

TEST_CASE("tempo to 0.05 BPM, beats to 10 ms and bars are found in club music") {
    const Studio studio;
    struct Case {
        test::Style style;
        double bpm;
    };
    for (const Case& each :
         {Case{test::Style::house, 124.37}, Case{test::Style::loud_hats, 127.91}, Case{test::Style::jungle, 171.2},
          Case{test::Style::hip_hop, 89.63}, Case{test::Style::two_step, 131.44}}) {
        const std::string style = test::style_name(each.style);
        CAPTURE(style);
        const TrackAnalysis track = analysed(studio.song(spec_of(each.style, each.bpm)));
        CHECK(std::abs(track.beats.bpm - each.bpm) <= 0.05);
        CHECK(track.beats.constant);
        const double bar = 240.0 / each.bpm;
        CHECK(std::abs(std::remainder(track.beats.first_beat_s - 0.3, bar)) <= 0.010);
    }
}

TEST_CASE("a waltz has three beats to the bar") {
    const Studio studio;
    const TrackAnalysis track = analysed(studio.song(spec_of(test::Style::waltz, 118.5, 40)));
    CHECK(track.beats.beats_per_bar == 3);
    CHECK(track.beats.bpm == doctest::Approx(118.5).epsilon(0.0005));
}

TEST_CASE("a loop's tempo is what its length says") {
    const Studio studio;
    auto spec = spec_of(test::Style::breaks, 126.0, 4);
    spec.lead_in_s = 0.0;
    spec.drums_only = true;
    test::Song song = test::make_song(spec);
    song.stereo.resize(2 * static_cast<std::size_t>(std::llround(4 * 4 * 60.0 / 126.0 * 44100)));
    test::write_audio(studio.folder / "loop.wav", song.stereo, 2, 44100, test::SampleFormat::pcm16);
    const TrackAnalysis track = analysed(studio.folder / "loop.wav");
    CHECK(track.beats.bpm == doctest::Approx(126.0).epsilon(0.0002));
    CHECK(std::abs(track.beats.first_beat_s) < 0.010);
}

TEST_CASE("a loop of three hits has the tempo that its length says") {
    const Studio studio;
    const double beat = 60.0 / 97.0;
    std::vector<float> loop(static_cast<std::size_t>(4.0 * beat * 44100.0), 0.0F);
    for (const double at : {0.0, 1.5, 3.0}) {
        add_hit(loop, at * beat, 60.0, 0.8, 0.15);
    }
    const TrackAnalysis track = analysed(studio.samples(loop));
    CHECK(track.beats.bpm == doctest::Approx(97.0).epsilon(0.0003));
    CHECK(std::abs(track.beats.first_beat_s) < 0.010);
}

TEST_CASE("a loop that is played over and over begins a bar where the file begins, wherever its chords change") {
    const Studio studio;
    const double beat = 0.5;
    std::vector<float> sound(static_cast<std::size_t>(64.0 * beat * 44100.0), 0.0F);
    for (int n = 0; n < 64; ++n) {
        const double at = n * beat;
        add_hit(sound, at, 55.0, 0.7, 0.12);
        add_hit(sound, at + beat / 2.0, 8000.0, 0.15, 0.02);
        if (n % 2 == 1) {
            add_hit(sound, at, 900.0, 0.3, 0.06);
        }
        // A chord from the second beat of each bar to the next one's.
        const int bar = (n + 3) / 4;
        for (const double semitones : {0.0, 4.0, 7.0}) {
            const double hertz = 220.0 * std::exp2((semitones + (bar % 2 == 0 ? 0.0 : 5.0)) / 12.0);
            for (std::size_t i = 0; i < 22050; ++i) {
                const double t = at + static_cast<double>(i) / 44100.0;
                sound[static_cast<std::size_t>(n) * 22050 + i] +=
                    static_cast<float>(0.06 * std::sin(6.2831853 * hertz * t));
            }
        }
    }
    const TrackAnalysis track = analysed(studio.samples(sound));
    CHECK(track.beats.bpm == doctest::Approx(120.0).epsilon(0.0003));
    REQUIRE(!track.beats.downbeats.empty());
    CHECK(std::abs(std::remainder(track.beats.first_beat_s, 2.0)) < 0.010);
}

TEST_CASE("a kick begins with its click, also when its low end comes later") {
    const Studio studio;
    std::vector<float> sound(static_cast<std::size_t>(64 * 22050), 0.0F);
    for (int n = 0; n < 64; ++n) {
        add_hit(sound, 0.25 + n * 0.48, 1500.0, 0.3, 0.01);
        add_hit(sound, 0.25 + n * 0.48 + 0.018, 55.0, 0.8, 0.12);
    }
    const TrackAnalysis track = analysed(studio.samples(sound));
    REQUIRE(track.beats.beats.size() > 40);
    CHECK(std::abs(std::remainder(track.beats.beats[20] - 0.25, 0.48)) < 0.006);
}

TEST_CASE("the range settles between octaves") {
    const Studio studio;
    const fs::path file = studio.song(spec_of(test::Style::half_time, 140.0, 32));
    CHECK(analysed(file, {100.0, 180.0, true}).beats.bpm == doctest::Approx(140.0).epsilon(0.0005));
    CHECK(analysed(file, {60.0, 100.0, true}).beats.bpm == doctest::Approx(70.0).epsilon(0.0005));
}

TEST_CASE("a cadence's key, or its relative, is found") {
    const Studio studio;
    for (const int key : {0, 7, 14, 21}) {
        auto spec = spec_of(test::Style::slow_intro, 122.0);
        spec.key = key;
        const auto heard = musical_key(analysed(studio.song(spec)).key.name);
        const int relative = key < 12 ? (key + 9) % 12 + 12 : (key + 3) % 12;
        CAPTURE(key);
        REQUIRE(heard);
        CHECK((*heard == key || *heard == relative));
    }
}

TEST_CASE("segments cover the track, begin on bars, and leave an intro and an outro to mix in") {
    const Studio studio;
    const TrackAnalysis track = analysed(studio.song(spec_of(test::Style::house, 126.0, 48)));
    const auto& segments = track.form.segments;
    REQUIRE(segments.size() >= 4);
    CHECK(segments.front().start.value == 0.0);
    CHECK(segments.back().end.value == doctest::Approx(track.length_s));
    const double bar = 240.0 / 126.0;
    bool intro = false;
    bool outro = false;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        CHECK((i == 0 || segments[i].start.value == segments[i - 1].end.value));
        const double bars = (segments[i].end.value - segments[i].start.value) / bar;
        intro = intro || (segments[i].label == "intro" && bars >= 3.9);
        outro = outro || (segments[i].label == "outro" && bars >= 3.9);
        if (segments[i].label != "start" && segments[i].label != "intro") {
            CHECK(std::abs(std::remainder(segments[i].start.value - 0.3, bar)) < 0.02);
        }
    }
    CHECK(intro);
    CHECK(outro);
}

TEST_CASE("what has no steady beat is said to have none") {
    const Studio studio;
    CHECK(analysed(studio.samples(std::vector<float>(30 * 44100, 0.0F))).beats.bpm == 0.0);
    CHECK(analysed(studio.samples(test::sine(220.0, 30.0, 44100.0))).beats.bpm == 0.0);
    std::mt19937 random{5};
    // Bursts at random, as speech comes.
    std::vector<float> speech(60 * 44100, 0.0F);
    std::size_t at = 0;
    while (at + 20000 < speech.size()) {
        at += 4000 + random() % 20000;
        for (std::size_t i = 0; i < 6000 && at + i < speech.size(); ++i) {
            speech[at + i] = 0.3F * std::sin(static_cast<float>(i) * 0.05F) * (1.0F - static_cast<float>(i) / 6000.0F);
        }
    }
    const TrackAnalysis track = analysed(studio.samples(speech));
    CHECK_FALSE(track.beats.constant);
    CHECK_FALSE(track.beats.why.empty());
}

TEST_CASE("a tempo that changes in the middle is no constant grid") {
    const Studio studio;
    test::Song first = test::make_song(spec_of(test::Style::house, 118.0, 16));
    const test::Song second = test::make_song(spec_of(test::Style::house, 131.0, 16));
    first.stereo.insert(first.stereo.end(), second.stereo.begin(), second.stereo.end());
    test::write_audio(studio.folder / "two.wav", first.stereo, 2, 44100, test::SampleFormat::pcm16);
    const TrackAnalysis track = analysed(studio.folder / "two.wav");
    CAPTURE(track.beats.bpm);
    CAPTURE(track.beats.confidence);
    CHECK_FALSE(track.beats.constant);
}

TEST_CASE("the same file gives the same bytes, and decks find the grid that was written") {
    const Studio studio;
    ::setenv("XDG_CACHE_HOME", (studio.folder / "cache").c_str(), 1);
    const fs::path file = studio.song(spec_of(test::Style::rock, 103.27));
    const AnalysisTask one{file, studio.folder / "struct/song.json"};
    (void)analyse_into(one, {}, go_on, [](double) {});
    const std::string bytes = test::text_of(one.json);
    (void)analyse_into(one, {}, go_on, [](double) {});
    CHECK(test::text_of(one.json) == bytes);
    const TrackGrid grid = find_track_grid(file);
    CHECK(std::string{to_text(grid.source)} == "structure");
    CHECK(grid.bpm == doctest::Approx(103.27).epsilon(0.0001));
    CHECK(std::abs(std::remainder(grid.first_beat_s - 0.3, 240.0 / 103.27)) < 0.010);
}

TEST_CASE("a structure that another program made is kept, and equal names get files of their own") {
    const Studio studio;
    for (const char* folder : {"a", "b"}) {
        fs::create_directories(studio.folder / folder);
    }
    const fs::path one = studio.samples(test::sine(220.0, 1.0, 44100.0), "a/same.wav");
    const fs::path two = studio.samples(test::sine(330.0, 1.0, 44100.0), "b/same.wav");
    AnalysisOrder order;
    order.places = {studio.folder.path()};
    order.struct_dir = studio.folder / "struct";
    const auto tasks = analysis_tasks(order);
    REQUIRE(tasks.size() == 2);
    CHECK(tasks[0].json != tasks[1].json);
    fs::create_directories(order.struct_dir);
    std::ofstream{tasks[0].json} << R"({"path": "/elsewhere/same.wav", "bpm": 120, "segments": []})";
    CHECK(present_analysis(tasks[0], {}) == Present::foreign);
    CHECK(present_analysis(tasks[1], {}) == Present::no);
    (void)analyse_into(tasks[1], {}, go_on, [](double) {});
    CHECK(present_analysis(tasks[1], {}) == Present::up_to_date);
    CHECK(present_analysis(tasks[1], {80.0, 160.0, true}) == Present::no);
}
