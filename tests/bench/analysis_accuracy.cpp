// SPDX-License-Identifier: GPL-3.0-or-later
// How right the analysis is, on made-up music in twelve styles and on loops of known tempo, beside aubio (aubio-tools)
// on the same files. How fast it is, how much memory it takes for ten minutes and for an hour, and whether two runs
// give the same bytes.
//
// usage: analysis_accuracy [SEEDS [FIRST_SEED]]
#include "common/beat_line.hpp"
#include "struct-export/analysis/audio_blocks.hpp"
#include "struct-export/analysis/track_analysis.hpp"
#include "struct-export/musical_key.hpp"
#include "tests/support/figures.hpp"
#include "tests/support/process.hpp"
#include "tests/support/song.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

using namespace crowdjack;
namespace fs = std::filesystem;

namespace {

constexpr double bpm_tolerance = 0.05, octave_tolerance = 0.04, phase_tolerance_s = 0.010;

/// What is right of one track, or how many of several.
struct Score {
    int tracks{}, bpm{}, octave{}, phase{}, bar{}, key{}, relative{}, fifth{};
    void add(const Score& other) {
        tracks += other.tracks;
        bpm += other.bpm;
        octave += other.octave;
        phase += other.phase;
        bar += other.bar;
        key += other.key;
        relative += other.relative;
        fifth += other.fifth;
    }
};

double median(std::vector<double> values) {
    if (values.empty()) {
        return 1.0;
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// The usual distance of beats from the true grid.
double off_grid(const std::vector<double>& beats, const test::Song& song) {
    std::vector<double> offs;
    for (const double beat : beats) {
        offs.push_back(std::abs(std::remainder(beat - song.first_beat_s, 60.0 / song.bpm)));
    }
    return median(std::move(offs));
}

Score tempo_score(double bpm, const std::vector<double>& beats, const test::Song& song) {
    Score score;
    score.tracks = 1;
    score.bpm = std::abs(bpm - song.bpm) <= bpm_tolerance ? 1 : 0;
    score.octave = std::abs(bpm / song.bpm - 1.0) <= octave_tolerance ? 1 : 0;
    score.phase = score.octave == 1 && off_grid(beats, song) <= phase_tolerance_s ? 1 : 0;
    return score;
}

Score our_score(const TrackAnalysis& track, const test::Song& song) {
    Score score = tempo_score(track.beats.bpm, track.beats.beats, song);
    const double bar_s = 60.0 / song.bpm * song.beats_per_bar;
    const bool metre = track.beats.beats_per_bar == song.beats_per_bar;
    score.bar = score.phase == 1 && metre &&
                        std::abs(std::remainder(track.beats.first_beat_s - song.first_beat_s, bar_s)) < 0.05
                    ? 1
                    : 0;
    const int heard = musical_key(track.key.name).value_or(-1);
    const int relative = song.key < 12 ? (song.key + 9) % 12 + 12 : (song.key + 3) % 12;
    const int up = (heard - song.key + 24) % 12;
    score.key = heard == song.key ? 1 : 0;
    score.relative = heard == relative ? 1 : 0;
    score.fifth = heard >= 0 && heard / 12 == song.key / 12 && (up == 5 || up == 7) ? 1 : 0;
    return score;
}

/// `aubio beat` writes one time a line; its tempo is that of the line through them where one fits, else their usual
/// distance.
Score aubio_score(const fs::path& file, const test::Song& song) {
    test::Process aubio{{"aubio", "beat", file.string()}};
    std::istringstream lines{aubio.whole_output()};
    std::vector<double> beats;
    for (double at = 0.0; lines >> at;) {
        beats.push_back(at);
    }
    std::vector<double> gaps;
    for (std::size_t i = 1; i < beats.size(); ++i) {
        gaps.push_back(beats[i] - beats[i - 1]);
    }
    const double usual = gaps.empty() ? 0.0 : 60.0 / median(gaps);
    const auto line = fit_beat_line(beats);
    return tempo_score(line ? line->bpm() : usual, beats, song);
}

void print(const std::string& name, const Score& ours, const Score& aubio) {
    const auto part = [](int count, const Score& of) { return 100.0 * count / std::max(of.tracks, 1); };
    std::printf("%-11s %4d  %5.1f %6.1f %5.1f %5.1f %5.1f %5.1f %5.1f   %5.1f %6.1f %5.1f\n", name.c_str(), ours.tracks,
                part(ours.bpm, ours), part(ours.octave, ours), part(ours.phase, ours), part(ours.bar, ours),
                part(ours.key, ours), part(ours.key + ours.relative, ours),
                part(ours.key + ours.relative + ours.fifth, ours), part(aubio.bpm, aubio), part(aubio.octave, aubio),
                part(aubio.phase, aubio));
    std::fflush(stdout);
}

/// The rows of the table: percent of the made tracks that are right.
void report(const Score& ours, const Score& aubio) {
    struct Row {
        const char* what;
        int right, of_aubio;
        double least;
    };
    for (const Row& row : {Row{"BPM within 0.05", ours.bpm, aubio.bpm, 95.0},
                           {"octave", ours.octave, aubio.octave, 95.0},
                           {"beats within 10 ms", ours.phase, aubio.phase, 95.0},
                           {"downbeat", ours.bar, -1, 85.0},
                           {"key or its relative", ours.key + ours.relative, -1, 85.0}}) {
        const double percent = 100.0 * row.right / std::max(ours.tracks, 1);
        const std::string beside =
            row.of_aubio < 0 ? "" : "; aubio " + test::shown(100.0 * row.of_aubio / std::max(aubio.tracks, 1)) + " %";
        test::print_figure("W3", std::string{row.what} + " right, of " + std::to_string(ours.tracks) + " made tracks",
                           test::shown(percent) + " %" + beside, "≥ " + test::shown(row.least) + " %",
                           percent >= row.least);
    }
}

/// A loop whose length is a whole number of beats.
struct Loop {
    const char* file;
    double bpm;
};
constexpr std::array loops{Loop{"sonicpi-loop_compus.flac", 148.0}, Loop{"sonicpi-loop_garzul.flac", 120.0},
                           Loop{"sonicpi-loop_amen_full.flac", 140.0}, Loop{"sonicpi-loop_electric.flac", 97.0}};

std::vector<float> samples_of(const fs::path& file, std::size_t& channels, int& rate) {
    AudioBlocks audio{file};
    channels = audio.channels();
    rate = static_cast<int>(audio.rate());
    std::vector<float> all;
    std::vector<float> block(4096 * channels);
    while (const std::size_t count = audio.read(block)) {
        all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(count * channels));
    }
    return all;
}

/// Each as it is, and played `times` times over as one file.
void judge_loops(int times) {
    const auto data = test::real_data();
    const test::TemporaryFolder folder;
    const fs::path file = folder / "loop.wav";
    Score ours;
    Score aubio;
    for (const Loop& loop : loops) {
        if (!data || !fs::exists(*data / "music" / loop.file)) {
            std::printf("%s: not there\n", loop.file);
            continue;
        }
        std::size_t channels = 0;
        int rate = 0;
        const std::vector<float> once = samples_of(*data / "music" / loop.file, channels, rate);
        std::vector<float> sound;
        for (int i = 0; i < times; ++i) {
            sound.insert(sound.end(), once.begin(), once.end());
        }
        test::write_audio(file, sound, static_cast<int>(channels), rate, test::SampleFormat::pcm16);
        test::Song song;
        song.bpm = loop.bpm;
        song.key = -1;
        const std::atomic<bool> stop{false};
        const TrackAnalysis track = analyse_track(file, {}, stop, [](double) {});
        std::printf("  %-28s x %d: known %6.2f found %8.3f first beat %.3f s\n", loop.file, times, loop.bpm,
                    track.beats.bpm, track.beats.first_beat_s);
        ours.add(our_score(track, song));
        aubio.add(aubio_score(file, song));
    }
    print(times == 1 ? "loops" : "loops x 8", ours, aubio);
}

/// Runs a command to its end. @returns the most memory it held, MB
double memory_of(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    for (const std::string& word : words) {
        argv.push_back(const_cast<char*>(word.c_str()));
    }
    argv.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
        (void)std::freopen("/dev/null", "w", stdout);
        (void)std::freopen("/dev/null", "w", stderr);
        ::execvp(argv[0], argv.data());
        ::_exit(127);
    }
    int status = 0;
    rusage usage{};
    ::wait4(child, &status, 0, &usage);
    return status == 0 ? static_cast<double>(usage.ru_maxrss) / 1024.0 : -1.0;
}

void judge_memory() {
    const test::TemporaryFolder folder;
    auto spec = test::random_spec(test::Style::house, 3);
    spec.bars = 32;
    const test::Song song = test::make_song(spec);
    test::write_audio(folder / "song.wav", song.stereo, 2, spec.rate, test::SampleFormat::pcm16);
    std::vector<std::string> bytes;
    std::array<double, 2> memory{};
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string length = i == 0 ? "600" : "3600";
        const fs::path file = folder / (length + ".flac");
        (void)memory_of({"ffmpeg", "-v", "quiet", "-stream_loop", "-1", "-i", (folder / "song.wav").string(), "-t",
                         length, file.string()});
        memory.at(i) = memory_of({test::program_path("crowdjack-struct-export"), "analyse", file.string(),
                                  "--struct-dir", (folder / "struct").string(), "--jobs", "1"});
    }
    for (const char* run : {"one", "two"}) {
        (void)memory_of({test::program_path("crowdjack-struct-export"), "analyse", (folder / "song.wav").string(),
                         "--struct-dir", (folder / run).string()});
        std::ifstream stream{folder / run / "song.json", std::ios::binary};
        bytes.emplace_back(std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{});
    }
    std::printf("memory: %.0f MB for ten minutes, %.0f MB for an hour\n", memory[0], memory[1]);
    std::printf("two runs: %s\n", bytes[0] == bytes[1] && !bytes[0].empty() ? "the same bytes" : "DIFFERENT");
}

}  // namespace

int main(int argc, char** argv) {
    const int seeds = argc > 1 ? std::atoi(argv[1]) : 4;
    const int first = argc > 2 ? std::atoi(argv[2]) : 1;
    const test::TemporaryFolder folder;
    const fs::path file = folder / "song.wav";
    Score all_ours;
    Score all_aubio;
    double seconds = 0.0;
    double spent = 0.0;
    std::printf("percent right  n    bpm octave phase   bar   key  +rel  +5th   aubio: bpm octave phase\n");
    for (const auto style : test::all_styles) {
        Score ours;
        Score aubio;
        for (int seed = first; seed < first + seeds; ++seed) {
            const auto spec = test::random_spec(style, static_cast<std::uint32_t>(seed));
            const test::Song song = test::make_song(spec);
            test::write_audio(file, song.stereo, 2, spec.rate, test::SampleFormat::pcm16);
            const std::atomic<bool> stop{false};
            const std::clock_t begun = std::clock();
            const TrackAnalysis track = analyse_track(file, {}, stop, [](double) {});
            spent += static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
            seconds += track.length_s;
            ours.add(our_score(track, song));
            aubio.add(aubio_score(file, song));
        }
        print(test::style_name(style), ours, aubio);
        all_ours.add(ours);
        all_aubio.add(aubio);
    }
    print("all", all_ours, all_aubio);
    report(all_ours, all_aubio);
    test::print_figure("W3", "analysis × real time of a core, with decoding, loudness and true peak",
                       test::shown(seconds / spent), "≥ 60", seconds >= 60.0 * spent);
    judge_loops(1);
    judge_loops(8);
    judge_memory();
    return 0;
}
