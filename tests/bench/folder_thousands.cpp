// SPDX-License-Identifier: GPL-3.0-or-later
// A collection: thousands of files in hundreds of folders (links to a few made-up, tagged tracks), played with one
// command. How soon does it sound, and does the analysis that goes on behind cost the decks a frame?
//
// usage: folder_thousands SONG_CRATE [FILES [FOLDERS [SECONDS]]]   (5000 files in 200 folders, listened to for 60 s)
#include "common/protocol/addresses.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/jack_clients.hpp"
#include "tests/support/osc_client.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/process.hpp"
#include "tests/support/surroundings.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <vector>

using namespace crowdjack;
namespace fs = std::filesystem;

namespace {

constexpr double rate = 48000.0;

void spread(const fs::path& tracks, const fs::path& collection, int files, int folders) {
    std::vector<fs::path> originals;
    for (const auto& entry : fs::directory_iterator{tracks}) {
        if (entry.path().extension() != ".csv") {
            originals.push_back(entry.path());
        }
    }
    std::sort(originals.begin(), originals.end());
    for (int i = 0; i < files; ++i) {
        const fs::path folder = collection / ("Äöü " + std::to_string(i % folders));
        fs::create_directories(folder);
        const fs::path& original = originals[static_cast<std::size_t>(i) % originals.size()];
        fs::create_hard_link(original, folder / ("№ " + std::to_string(i) + original.extension().string()));
    }
}

std::ptrdiff_t analysed(const fs::path& cache) {
    std::error_code error;
    return std::distance(fs::directory_iterator{cache / "crowdjack/analysis", error}, fs::directory_iterator{});
}

double starved_frames() {
    test::OscClient person;
    double sum = 0.0;
    for (const char* deck : {"deck-A", "deck-B", "deck-C"}) {
        const auto health = person.request(test::wait_for_client("default", deck), at::deck_health);
        sum += health ? health->named("starved_frames") : 0.0;
    }
    return sum;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: folder_thousands SONG_CRATE [FILES [FOLDERS [SECONDS]]]\n");
        return 2;
    }
    const int files = argc > 2 ? std::atoi(argv[2]) : 5000;
    const int folders = argc > 3 ? std::atoi(argv[3]) : 200;
    const double seconds = argc > 4 ? std::atof(argv[4]) : 60.0;
    const test::TemporaryFolder folder;
    for (const char* name : {"XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "HOME"}) {
        fs::create_directories(folder / name);
        ::setenv(name, (folder / name).c_str(), 1);
    }
    test::Process crate{{argv[1], (folder / "tracks").string(), "8", "17", "7"}};
    if (crate.wait(test::Deadline{300'000}).value_or(1) != 0) {
        std::fprintf(stderr, "the tracks could not be made\n");
        return 1;
    }
    spread(folder / "tracks", folder / "music", files, folders);
    const auto begun = std::chrono::steady_clock::now();
    test::Process play{{test::program_path("crowdjack-session"), "play", (folder / "music").string(), "--driver",
                        "dummy", "--period", "256"}};
    (void)test::wait_for_client("default", "mixer-bus", test::Deadline{60'000});
    test::Capture capture{"default", {"thousands-ears", 1, seconds + 90.0}};
    capture.listen_to("mixer-bus:master_l", 0);
    if (!capture.wait_for_sound(0, capture.first_frame(), test::Deadline{120'000})) {
        std::printf("nothing sounds:\n%s\n", play.output().c_str());
        return 1;
    }
    const double first_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    const std::int64_t first = *capture.first_sound(0, capture.first_frame());
    const auto known = analysed(folder / "XDG_CACHE_HOME");
    (void)capture.wait_until(first + static_cast<std::int64_t>(seconds * rate),
                             test::Deadline{static_cast<std::int64_t>(seconds * 1000.0) + 60'000});
    const double starved = starved_frames();
    const auto known_later = analysed(folder / "XDG_CACHE_HOME");
    std::int64_t lost = 0;
    for (const auto& gap : capture.gaps()) {
        lost += gap.came - gap.expected;
    }
    (void)play.terminate();
    std::printf("| W4 | %d files in %d folders: first sound after the command | %.1f s | < 30 s | %s |\n", files,
                folders, first_s, first_s < 30.0 ? "met" : "MISSED");
    std::printf("| W4 | analysis behind the music at 256 frames, %.0f s | %td, then %td tracks known, %.0f starved "
                "frames (the machine's clock jumped over %lld) | 0 starved | %s |\n",
                seconds, known, known_later, starved, static_cast<long long>(lost),
                starved == 0.0 && known_later > known ? "met" : "MISSED");
    return first_s < 30.0 && starved == 0.0 ? 0 : 1;
}
