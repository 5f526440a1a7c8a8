// SPDX-License-Identifier: GPL-3.0-or-later
// What is heard in an exported section.
#include "common/error.hpp"
#include "struct-export/section_cut.hpp"
#include "tests/struct-export/click_errors.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>
#include <numbers>

using namespace crowdjack;
using test::AudioContent;
using test::click_errors;
using test::SampleFormat;
using test::TemporaryFolder;

namespace {

constexpr double bpm = 122.0;

std::vector<float> stereo(const std::vector<float>& mono) { return test::as_channels(mono, 2); }

struct Section {
    CutResult result;
    AudioContent original, fitted;
};

class Workshop {
public:
    CutOrder order(const std::filesystem::path& audio, Cues cues, double speed, FitMethod method) const {
        CutOrder order;
        order.audio = audio;
        order.part_original = folder / "original.wav";
        order.part_fitted = folder / "fitted.wav";
        order.cues = cues;
        order.speed = speed;
        order.method = method;
        order.format = PartFormat::float32;
        return order;
    }

    Section cut(const CutOrder& order) const {
        const std::atomic<bool> stop{false};
        const CutResult result = cut_section(order, stop, [](Seconds) {});
        return {result, test::read_audio(order.part_original), test::read_audio(order.part_fitted)};
    }

    TemporaryFolder folder;
};

double mean(const std::vector<double>& values) {
    double sum = 0.0;
    for (const double value : values) {
        sum += value;
    }
    return sum / static_cast<double>(values.size());
}

double largest(const std::vector<double>& values) {
    double result = 0.0;
    for (const double value : values) {
        result = std::max(result, std::abs(value));
    }
    return result;
}

double percentile95(std::vector<double> values) {
    for (double& value : values) {
        value = std::abs(value);
    }
    std::ranges::sort(values);
    return values[values.size() * 95 / 100];
}

/// Clicks from a bar into the track on, `beats` of them exported.
struct ClickTrack {
    explicit ClickTrack(const Workshop& workshop, int rate, int beats) : file{workshop.folder / "clicks.wav"} {
        test::write_audio(file, stereo(test::click_track(bpm, (beats + 10) * 60.0 / bpm, rate)), 2, rate,
                          SampleFormat::pcm16);
        cues = {{4 * 60.0 / bpm}, {5 * 60.0 / bpm}, {(4 + beats) * 60.0 / bpm}};
    }
    std::filesystem::path file;
    Cues cues;
};

void check_length(const Section& section, const Cues& cues, double speed) {
    const double exact = (cues.end.value - cues.ini.value) / speed * section.fitted.rate;
    CHECK(std::abs(static_cast<double>(section.fitted.frames()) - exact) <= 1.0);
    CHECK(section.result.fitted.value == section.fitted.frames());
    CHECK(section.result.original.value == section.original.frames());
}

}  // namespace

TEST_CASE("every beat of a resampled section is within half a millisecond of its place, at any speed") {
    const Workshop workshop;
    const ClickTrack track{workshop, 44100, 60};
    for (const double speed : {0.8, 0.93, 1.0417, 1.25}) {
        CAPTURE(speed);
        const Section section = workshop.cut(workshop.order(track.file, track.cues, speed, FitMethod::rate));
        check_length(section, track.cues, speed);
        const auto errors = click_errors(section.fitted, bpm, speed);
        CHECK(errors.size() >= 58);
        CHECK(largest(errors) < 0.5);
    }
}

TEST_CASE("every beat of a Rubber Band section is within a millisecond of its place") {
    const Workshop workshop;
    const ClickTrack track{workshop, 44100, 12};
    for (const double speed : {0.8, 0.9879, 1.25}) {
        CAPTURE(speed);
        const Section section = workshop.cut(workshop.order(track.file, track.cues, speed, FitMethod::rubberband));
        check_length(section, track.cues, speed);
        const auto errors = click_errors(section.fitted, bpm, speed);
        CHECK(errors.size() >= 10);
        CHECK(largest(errors) < 1.0);
        CHECK(std::abs(mean(errors)) < 0.4);  // taken out before the cut, from clicks of another shape
    }
}

TEST_CASE("95 of 100 beats of a WSOLA section are within 15 ms of their place, and none drifts") {
    const Workshop workshop;
    const ClickTrack track{workshop, 48000, 100};
    for (const double speed : {0.8, 0.95, 1.05, 1.25}) {
        CAPTURE(speed);
        const Section section = workshop.cut(workshop.order(track.file, track.cues, speed, FitMethod::wsola));
        check_length(section, track.cues, speed);
        const auto errors = click_errors(section.fitted, bpm, speed);
        CHECK(errors.size() >= 98);
        CHECK(percentile95(errors) < 15.0);
        const auto middle = errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2);
        const double first_half = mean({errors.begin() + 1, middle});
        const double second_half = mean({middle, errors.end()});
        CHECK(std::abs(first_half - second_half) < 1.5);  // nothing accumulates: the halves of 25 s agree
        CHECK(std::abs(errors.front()) < 1.0);            // the section's first beat is never moved
    }
}

TEST_CASE("the original cut is the file's own samples, exact to the frame and the bit") {
    const Workshop workshop;
    const auto file = workshop.folder / "coded.wav";
    for (const SampleFormat stored : {SampleFormat::pcm16, SampleFormat::pcm24}) {
        test::write_position_coded(file, 200'000, 48000, stored);
        for (const PartFormat format : {PartFormat::source, PartFormat::pcm24, PartFormat::float32}) {
            CutOrder order = workshop.order(file, {{0.50001}, {2.0}, {3.9999}}, 1.25, FitMethod::wsola);
            order.format = format;
            const Section section = workshop.cut(order);
            const std::int64_t ini = 24000;  // round(0.50001 · 48000)
            CHECK(section.original.frames() == 191'995 - ini);
            const test::PositionCode code{stored};
            std::int64_t wrong = 0;
            for (std::int64_t i = 144; i < section.original.frames() - 144; ++i) {  // 3 ms of declick at either end
                const auto at = static_cast<std::size_t>(i) * 2;
                const auto frame =
                    code.frame_of(section.original.interleaved[at], section.original.interleaved[at + 1]);
                wrong += frame != ini + i ? 1 : 0;
            }
            CHECK(wrong == 0);
        }
    }
}

TEST_CASE("a section at the track's own tempo is the original cut") {
    const Workshop workshop;
    const auto file = workshop.folder / "coded.wav";
    test::write_position_coded(file, 100'000, 44100, SampleFormat::pcm16);
    for (const FitMethod method : {FitMethod::rubberband, FitMethod::wsola, FitMethod::rate}) {
        const Section section = workshop.cut(workshop.order(file, {{0.25}, {1.0}, {2.0}}, 1.0, method));
        CHECK(section.original.interleaved == section.fitted.interleaved);
    }
}

TEST_CASE("cutting into a loud bass clicks at neither end, cutting before a beat leaves its attack alone") {
    const Workshop workshop;
    const auto file = workshop.folder / "bass.wav";
    test::write_audio(file, test::sine(55.0, 4.0, 48000, 0.9), 1, 48000);
    // 55 Hz: the steepest step from one sample to the next is 0.0065; cut at a crest.
    const double crest = 1.0 + 0.25 / 55.0;
    const Section bass =
        workshop.cut(workshop.order(file, {{crest}, {2.0}, {2.0 + 0.25 / 55.0}}, 1.02, FitMethod::rate));
    for (const AudioContent* part : {&bass.original, &bass.fitted}) {
        CHECK(std::abs(part->interleaved.front()) < 0.01F);
        CHECK(std::abs(part->interleaved.back()) < 0.01F);
        float step = 0.0F;
        for (std::size_t i = 1; i < part->interleaved.size(); ++i) {
            step = std::max(step, std::abs(part->interleaved[i] - part->interleaved[i - 1]));
        }
        // A crest of 0.9 that falls away over 3 ms as a cosine steps by at most π/2 · 0.9 / 144, beside the sine's own.
        CHECK(step < 0.0065F + 0.0099F);
    }
    const ClickTrack track{workshop, 48000, 4};
    const Section beat = workshop.cut(workshop.order(track.file, track.cues, 1.02, FitMethod::rate));
    CHECK(beat.original.interleaved.front() == doctest::Approx(0.8).epsilon(0.001));
}

TEST_CASE("a keep-pitch section keeps its pitch, a resampled one follows the tempo") {
    const Workshop workshop;
    const auto file = workshop.folder / "tone.wav";
    test::write_audio(file, test::sine(997.0, 5.0, 44100, 0.5), 1, 44100);
    const std::map<FitMethod, double> expected{
        {FitMethod::rubberband, 997.0}, {FitMethod::wsola, 997.0}, {FitMethod::rate, 997.0 * 1.06}};
    for (const auto& [method, hertz] : expected) {
        const Section section = workshop.cut(workshop.order(file, {{1.0}, {2.0}, {4.0}}, 1.06, method));
        std::vector<float> middle{section.fitted.interleaved.begin() + 8000, section.fitted.interleaved.end() - 8000};
        // 0.2 %, 3 cents: what WSOLA's joints may add to a steady sine
        CHECK(test::measured_hertz(middle, 44100) == doctest::Approx(hertz).epsilon(0.002));
    }
}

TEST_CASE("poisoned samples reach neither an engine nor a part") {
    const Workshop workshop;
    const auto file = workshop.folder / "poison.wav";
    auto samples = test::sine(440.0, 4.0, 48000, 0.5);
    samples[50'000] = std::numeric_limits<float>::quiet_NaN();
    samples[60'000] = std::numeric_limits<float>::infinity();
    samples[70'000] = -1e38F;
    test::write_audio(file, samples, 1, 48000, SampleFormat::float32);
    for (const FitMethod method : {FitMethod::rubberband, FitMethod::wsola, FitMethod::rate}) {
        const Section section = workshop.cut(workshop.order(file, {{0.5}, {1.0}, {3.5}}, 1.1, method));
        CHECK(section.result.cleaned == 3);
        for (const AudioContent* part : {&section.original, &section.fitted}) {
            CHECK(std::ranges::all_of(part->interleaved, [](float x) { return std::abs(x) < 4.0F; }));
        }
    }
}

TEST_CASE("what goes over full scale is clipped in 24 bits and counted, kept in float") {
    const Workshop workshop;
    const auto file = workshop.folder / "hot.wav";
    test::write_audio(file, test::sine(100.0, 2.0, 48000, 1.5), 1, 48000, SampleFormat::float32);
    CutOrder order = workshop.order(file, {{0.5}, {1.0}, {1.5}}, 1.02, FitMethod::rate);
    CHECK(workshop.cut(order).result.clipped == 0);
    order.format = PartFormat::pcm24;
    const Section clipped = workshop.cut(order);
    CHECK(clipped.result.clipped > 10'000);
    CHECK(std::ranges::all_of(clipped.fitted.interleaved, [](float x) { return std::abs(x) <= 1.0F; }));
}

TEST_CASE("a file that ends a little early is filled with silence, one that ends long before is refused") {
    const Workshop workshop;
    const auto file = workshop.folder / "short.wav";
    test::write_audio(file, test::sine(440.0, 3.0, 44100, 0.5), 1, 44100);
    const Section padded = workshop.cut(workshop.order(file, {{1.0}, {2.0}, {3.1}}, 1.05, FitMethod::wsola));
    CHECK(padded.result.padded.value == 4410);
    CHECK(padded.original.frames() == 92'610);
    const CutOrder beyond = workshop.order(file, {{1.0}, {2.0}, {3.5}}, 1.05, FitMethod::wsola);
    CHECK_THROWS_WITH_AS((void)workshop.cut(beyond), doctest::Contains("ends at 3.00 s"), NotExported);
}

TEST_CASE("FLAC, Ogg and MP3 are cut at the sample where a decoder that read from the start has it") {
    const Workshop workshop;
    std::vector<float> samples;
    for (int i = 0; i < 44100 * 8; ++i) {  // a slow sweep: no two stretches are alike
        const double t = i / 44100.0;
        samples.push_back(static_cast<float>(0.5 * std::sin(2.0 * std::numbers::pi * (200.0 * t + 60.0 * t * t))));
    }
    for (const std::string name : {"x.flac", "x.ogg", "x.mp3"}) {
        CAPTURE(name);
        const auto file = workshop.folder / name;
        test::write_audio(file, stereo(samples), 2, 44100, SampleFormat::pcm16);
        const AudioContent whole = test::read_audio(file);
        const Section section = workshop.cut(workshop.order(file, {{3.3}, {4.0}, {6.6}}, 1.05, FitMethod::rate));
        REQUIRE(section.original.frames() == 145'530);
        float worst = 0.0F;
        for (std::size_t i = 600; i < 144'000 * 2; ++i) {
            worst = std::max(worst, std::abs(section.original.interleaved[i] - whole.interleaved[145'530 * 2 + i]));
        }
        CHECK(worst < 1e-4F);  // one frame beside would be 0.05
    }
}

TEST_CASE("the same section is the same bytes every time, and stopping leaves nothing behind") {
    const Workshop workshop;
    const ClickTrack track{workshop, 44100, 4};
    const auto bytes = [](const std::filesystem::path& file) {
        std::ifstream stream{file, std::ios::binary};
        return std::string{std::istreambuf_iterator<char>{stream}, {}};
    };
    for (const FitMethod method : {FitMethod::rubberband, FitMethod::wsola, FitMethod::rate}) {
        for (const PartFormat format : {PartFormat::source, PartFormat::pcm24, PartFormat::float32}) {
            CutOrder order = workshop.order(track.file, track.cues, 1.03, method);
            order.format = format;
            (void)workshop.cut(order);
            const std::string first = bytes(order.part_fitted) + bytes(order.part_original);
            (void)workshop.cut(order);
            CHECK(first == bytes(order.part_fitted) + bytes(order.part_original));
        }
    }
    CutOrder stopped = workshop.order(track.file, track.cues, 1.03, FitMethod::wsola);
    stopped.part_fitted = workshop.folder / "never.wav";
    stopped.part_original = workshop.folder / "never-orig.wav";
    const std::atomic<bool> stop{true};
    CHECK_THROWS_AS((void)cut_section(stopped, stop, [](Seconds) {}), Interrupted);
    for (const auto& entry : std::filesystem::directory_iterator{workshop.folder.path()}) {
        CHECK(entry.path().filename().string().find("never") == std::string::npos);
    }
}

TEST_CASE("what a section is stays written in its file") {
    const Workshop workshop;
    const ClickTrack track{workshop, 44100, 4};
    CutOrder order = workshop.order(track.file, track.cues, 1.03, FitMethod::wsola);
    order.tags = {"Reine de la Nuit", "Régine", "BPM 122.5, key Gm, from BPM 119"};
    (void)workshop.cut(order);
    const AudioReader part{order.part_fitted};
    CHECK(part.tags().title == "Reine de la Nuit");
    CHECK(part.tags().artist == "Régine");
    CHECK(part.tags().comment == "BPM 122.5, key Gm, from BPM 119");
    order.tags = {};
    (void)workshop.cut(order);
    CHECK(AudioReader{order.part_fitted}.tags().title == "clicks");
}
