// SPDX-License-Identifier: GPL-3.0-or-later
// A night from a folder: twelve made-up, tagged tracks in four formats, some 12 dB quieter, `crowdjack-session play`,
// and ears on every deck. How soon does it sound, how far apart are the kicks of two tracks while one hands over to the
// other, how even is the loudness, is anything missing?
//
// usage: folder_night SONG_CRATE [MINUTES [BARS]]   (4 minutes of tracks of 40 bars by default)
#include "struct-export/analysis/band_envelopes.hpp"
#include "struct-export/analysis/onsets.hpp"
#include "tests/session/setlist_ears.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/jack_clients.hpp"
#include "tests/support/outsider.hpp"
#include "tests/support/process.hpp"
#include "tests/support/surroundings.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <numeric>
#include <sstream>
#include <string>
#include <vector>

using namespace crowdjack;
namespace fs = std::filesystem;

namespace {

struct Handover {
    char from{}, to{};
    std::int64_t begin{}, end{};  ///< JACK frames
};

std::vector<std::string> fields_of(const std::string& line) {
    std::vector<std::string> fields;
    std::istringstream stream{line};
    for (std::string field; std::getline(stream, field, ',');) {
        fields.push_back(field);
    }
    return fields;
}

/// Each row's start to the end of the row before.
std::vector<Handover> handovers_in(const fs::path& played) {
    std::ifstream stream{played};
    std::string line;
    std::getline(stream, line);
    std::vector<std::vector<std::string>> rows;
    while (std::getline(stream, line)) {
        rows.push_back(fields_of(line));
    }
    std::vector<Handover> result;
    for (std::size_t i = 1; i < rows.size(); ++i) {
        result.push_back(
            {rows[i - 1][0][0], rows[i][0][0], std::atoll(rows[i][3].c_str()), std::atoll(rows[i - 1][4].c_str())});
    }
    return result;
}

/// When a deck's kicks begin, in seconds from `from` on.
std::vector<double> kicks(const test::Capture& capture, std::size_t channel, std::int64_t from, std::int64_t until) {
    std::vector<float> heard = capture.samples(channel, from, until);
    std::replace_if(
        heard.begin(), heard.end(), [](float sample) { return std::isnan(sample); }, 0.0F);
    BandEnvelopes envelopes{test::set_rate};
    envelopes.add(heard);
    TrackFeatures features;
    features.envelope_rate = envelopes.step_rate();
    features.envelope = envelopes.take();
    std::vector<double> result;
    for (const Onset& onset : find_onsets(onset_curves(features), 0.4)) {
        if (onset.band == Band::low) {
            result.push_back(onset.at_s);
        }
    }
    return result;
}

/// How far each kick of one deck is from the nearest of the other, ms; those without a partner are left out.
std::vector<double> kick_errors(const test::Capture& capture, const Handover& handover) {
    const auto channel = [](char deck) { return static_cast<std::size_t>(2 + deck - 'A'); };
    const auto one = kicks(capture, channel(handover.from), handover.begin, handover.end);
    const auto other = kicks(capture, channel(handover.to), handover.begin, handover.end);
    std::vector<double> errors;
    for (const double kick : one) {
        double nearest = 1.0;
        for (const double each : other) {
            nearest = std::min(nearest, std::abs(each - kick));
        }
        if (nearest < 0.1) {
            errors.push_back(1000.0 * nearest);
        }
    }
    return errors;
}

/// Mean of the momentary loudness of a stretch of the master, LUFS; the quiet between hits does not count.
double loudness(const test::Capture& capture, std::int64_t from, std::int64_t until) {
    auto left = capture.samples(0, from, until);
    auto right = capture.samples(1, from, until);
    for (auto* side : {&left, &right}) {
        std::replace_if(
            side->begin(), side->end(), [](float sample) { return std::isnan(sample); }, 0.0F);
    }
    std::vector<double> values = test::momentary(left, right);
    std::sort(values.begin(), values.end());
    return values.empty() ? -100.0 : values[values.size() / 2];
}

void report(const test::Capture& capture, const std::vector<Handover>& handovers) {
    std::vector<double> all;
    for (const Handover& handover : handovers) {
        const std::vector<double> errors = kick_errors(capture, handover);
        all.insert(all.end(), errors.begin(), errors.end());
        const std::int64_t around = static_cast<std::int64_t>(8.0 * test::set_rate);
        const double before = loudness(capture, handover.begin - around, handover.begin);
        const double during = loudness(capture, handover.begin, handover.end);
        const double after = loudness(capture, handover.end, handover.end + around);
        std::printf(
            "hand-over %c to %c: %zu kicks heard together, loudness %.1f, %.1f, %.1f LUFS before, while, after\n",
            handover.from, handover.to, errors.size(), before, during, after);
    }
    std::sort(all.begin(), all.end());
    if (all.empty()) {
        std::printf("no hand-over was heard: give it more minutes\n");
        return;
    }
    std::printf("kicks of two decks: median %.2f ms apart, worst %.2f ms, of %zu\n", all[all.size() / 2], all.back(),
                all.size());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: folder_night SONG_CRATE [MINUTES [BARS]]\n");
        return 2;
    }
    const double minutes = argc > 2 ? std::atof(argv[2]) : 4.0;
    const std::string bars = argc > 3 ? argv[3] : "40";
    const test::TemporaryFolder folder;
    for (const char* name : {"XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "HOME"}) {
        fs::create_directories(folder / name);
        ::setenv(name, (folder / name).c_str(), 1);
    }
    test::Process crate{{argv[1], (folder / "music").string(), "12", bars, "5"}};
    if (crate.wait(test::Deadline{300'000}).value_or(1) != 0) {
        std::fprintf(stderr, "the crate could not be made\n");
        return 1;
    }
    const fs::path played = folder / "played.csv";
    const auto begun = std::chrono::steady_clock::now();
    test::Process play{{test::program_path("crowdjack-session"), "play", (folder / "music").string(), "--driver",
                        "dummy", "--seed", "5", "--harmonic", "--played-out", played.string()}};
    (void)test::wait_for_client("default", "deck-C");
    test::Capture capture{"default", {"night-ears", 5, minutes * 60.0 + 30.0}};
    capture.listen_to("mixer-bus:master_l", 0);
    capture.listen_to("mixer-bus:master_r", 1);
    for (std::size_t deck = 0; deck < 3; ++deck) {
        capture.listen_to("deck-" + std::string(1, static_cast<char>('A' + deck)) + ":out_l", 2 + deck);
    }
    if (!capture.wait_for_sound(0, capture.first_frame(), test::Deadline{60'000})) {
        std::printf("nothing sounds:\n%s\n", play.output().c_str());
        return 1;
    }
    std::printf("first sound %.1f s after the command\n",
                std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    const std::int64_t first = *capture.first_sound(0, capture.first_frame());
    const std::int64_t last = first + static_cast<std::int64_t>(minutes * 60.0 * test::set_rate);
    (void)capture.wait_until(last, test::Deadline{static_cast<std::int64_t>(minutes * 60'000.0) + 60'000});
    (void)play.terminate();
    std::int64_t lost = 0;
    for (const auto& gap : capture.gaps()) {
        lost += gap.came - gap.expected;
    }
    std::printf("the clock jumped over %lld frames\n", static_cast<long long>(lost));
    report(capture, handovers_in(played));
    return 0;
}
