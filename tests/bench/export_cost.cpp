// SPDX-License-Identifier: GPL-3.0-or-later
// C8: a crate of twelve six-minute tracks, exported at once, beside ffmpeg cropping and atempo-ing them one after
// another.
//
// usage: export_cost [TRACKS]
#include "tests/bench/child_cost.hpp"
#include "tests/support/figures.hpp"
#include "tests/support/surroundings.hpp"
#include "tests/support/waves.hpp"

#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

using namespace crowdjack::test;
namespace fs = std::filesystem;

namespace {

constexpr double ini = 30.0;
constexpr double end = 350.0;  ///< eight segments of 40 s
constexpr double track_bpm = 120.0;
constexpr double target_bpm = 122.5;

/// Six minutes of a beat over a bass and a hiss, and its structure.
void make_track(const fs::path& folder, int number) {
    const std::string name = "track" + std::to_string(number);
    std::vector<float> samples = click_track(track_bpm, 360.0, 44100);
    std::uint32_t noise = static_cast<std::uint32_t>(number) + 1;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        noise = noise * 1664525U + 1013904223U;
        samples[i] = 0.6F * samples[i] + 0.2F * static_cast<float>(std::sin(static_cast<double>(i) * 0.0078)) +
                     0.1F * (static_cast<float>(noise >> 8U) / 16777216.0F - 0.5F);
    }
    write_audio(folder / (name + ".wav"), as_channels(samples, 2), 2, 44100, SampleFormat::pcm16);
    std::ofstream json{folder / "struct" / (name + ".json")};
    json << "{\"path\": \"" << (folder / (name + ".wav")).string() << "\", \"bpm\": 120, \"beats\": [], "
         << "\"segments\": [{\"start\": 0, \"end\": 30, \"label\": \"intro\"}";
    for (int i = 0; i < 8; ++i) {
        json << ", {\"start\": " << 30 + 40 * i << ", \"end\": " << 70 + 40 * i << ", \"label\": \"verse\"}";
    }
    json << "]}";
}

std::vector<std::string> exporter(const fs::path& folder, const fs::path& structs, const std::string& method,
                                  const std::string& jobs) {
    return {program_path("crowdjack-struct-export"),
            structs.string(),
            "--bpm",
            "120",
            "--target-bpm",
            "122.5",
            "--n-sections",
            "8",
            "--parts-dir",
            (folder / "parts").string(),
            "--stretch",
            method,
            "--jobs",
            jobs};
}

Cost export_with(const fs::path& folder, const fs::path& structs, const std::string& method, const std::string& jobs) {
    fs::remove_all(folder / "parts");
    return cost_of(exporter(folder, structs, method, jobs));
}

Cost ffmpeg_one_by_one(const fs::path& folder, int tracks) {
    Cost sum;
    fs::create_directories(folder / "ffmpeg");
    for (int i = 0; i < tracks; ++i) {
        const std::string name = "track" + std::to_string(i) + ".wav";
        const Cost one = cost_of({"ffmpeg", "-y", "-hide_banner", "-loglevel", "error", "-ss", std::to_string(ini),
                                  "-to", std::to_string(end), "-i", (folder / name).string(), "-filter:a",
                                  "atempo=" + std::to_string(target_bpm / track_bpm), "-acodec", "pcm_s16le",
                                  (folder / "ffmpeg" / name).string()});
        sum.wall += one.wall;
        sum.cpu += one.cpu;
    }
    fs::remove_all(folder / "ffmpeg");
    return sum;
}

}  // namespace

int main(int count, char** arguments) {
    const int tracks = count > 1 ? std::atoi(arguments[1]) : 12;
    if (std::system("command -v ffmpeg >/dev/null") != 0) {
        std::puts("export_cost: ffmpeg is not installed: skipped");
        return 77;
    }
    const TemporaryFolder folder;
    fs::create_directories(folder / "struct");
    fs::create_directories(folder / "one");
    for (int i = 0; i < tracks; ++i) {
        make_track(folder.path(), i);
    }
    fs::copy(folder / "struct/track0.json", folder / "one/track0.json");
    const std::string cores = std::to_string(::sysconf(_SC_NPROCESSORS_ONLN));
    std::vector<double> ratios;
    Cost ours;
    Cost theirs;
    for (int round = 0; round < 3; ++round) {
        theirs = ffmpeg_one_by_one(folder.path(), tracks);
        ours = export_with(folder.path(), folder / "struct", "wsola", cores);
        ratios.push_back(ours.wall / theirs.wall);
    }
    const double ratio = median(ratios);
    print_figure("C8", "export of " + std::to_string(tracks) + " tracks, `wsola`: wall time ÷ sequential ffmpeg atempo",
                 shown(ratio) + " (" + shown(ours.wall) + " s against " + shown(theirs.wall) + " s; CPU " +
                     shown(ours.cpu) + " s against " + shown(theirs.cpu) + " s; both parts against one)",
                 "≤ 0.5", ratio <= 0.5);
    for (const char* method : {"wsola", "rate", "rubberband"}) {
        const Cost one = export_with(folder.path(), folder / "one", method, "1");
        print_figure("C8", std::string{"export, `"} + method + "`: × real time a core; peak of one job",
                     shown((end - ini) / one.cpu) + " ×; " + shown(one.peak_mb) + " MB", "stated; ≤ 64 MB",
                     one.peak_mb <= 64.0);
    }
    return 0;
}
