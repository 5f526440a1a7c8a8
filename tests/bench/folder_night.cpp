// SPDX-License-Identifier: GPL-3.0-or-later
// A night from a folder: twelve made-up, tagged tracks in four formats, some 12 dB quieter, `crowdjack-session play`,
// and ears on every deck. How soon does it sound, how far apart are the kicks of two tracks while one hands over to the
// other, how even is the loudness, is anything missing?
//
// usage: folder_night SONG_CRATE [MINUTES [BARS]]   (4 minutes of tracks of 40 bars by default)
#include "struct-export/analysis/audio_blocks.hpp"
#include "tests/bench/night_ears.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/figures.hpp"
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
    double from_trim_db{}, to_trim_db{};
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
        const auto& from = rows[i - 1];
        const auto& to = rows[i];
        result.push_back({from[0][0], to[0][0], std::atof(from[9].c_str()), std::atof(to[9].c_str()),
                          std::atoll(to[3].c_str()), std::atoll(from[4].c_str())});
    }
    return result;
}

std::size_t channel_of(char deck) { return static_cast<std::size_t>(1 + deck - 'A'); }

/// What was found in all hand-overs.
struct Night {
    std::vector<double> kick_errors_ms;
    double lowest_db{0.0}, highest_db{0.0};  ///< of the mix, against the tracks in it
};

void listen_to(const test::Capture& capture, const Handover& handover, Night& night) {
    const auto own = [&](char deck) { return test::heard(capture, channel_of(deck), handover.begin, handover.end); };
    const std::vector<float> out = own(handover.from);
    const std::vector<float> in = own(handover.to);
    std::vector<double> lost;
    for (const auto& gap : capture.gaps()) {
        lost.push_back(static_cast<double>(gap.expected - handover.begin) / test::set_rate);
        lost.push_back(static_cast<double>(gap.came - handover.begin) / test::set_rate);
    }
    const std::vector<double> errors = test::kick_errors(out, in, lost);
    night.kick_errors_ms.insert(night.kick_errors_ms.end(), errors.begin(), errors.end());
    const std::vector<double> mix = test::short_term(test::heard(capture, 0, handover.begin, handover.end));
    const std::vector<double> outgoing = test::short_term(out);
    const std::vector<double> incoming = test::short_term(in);
    double low = 0.0;
    double high = 0.0;
    std::string curve;
    for (std::size_t i = 0; i < mix.size(); ++i) {
        const double from = outgoing[i] + handover.from_trim_db;
        const double to = incoming[i] + handover.to_trim_db;
        const double off = test::beyond_both(mix[i], from, to);
        low = std::min(low, off);
        high = std::max(high, off);
        if (i % 20 == 0) {
            char text[80];
            std::snprintf(text, sizeof text, " %.1f(%.1f,%.1f)", mix[i], from, to);
            curve += text;
        }
    }
    std::printf("hand-over %c to %c, %.1f s: %zu kicks heard together, the mix %+.1f to %+.1f dB beyond both; "
                "LUFS of it (and of both) every 2 s:%s\n",
                handover.from, handover.to, static_cast<double>(handover.end - handover.begin) / test::set_rate,
                errors.size(), low, high, curve.c_str());
    night.lowest_db = std::min(night.lowest_db, low);
    night.highest_db = std::max(night.highest_db, high);
}

/// The longest quiet in the music itself, at its slowest.
double quiet_in_tracks(const fs::path& folder) {
    constexpr double slowest = 0.9;
    double longest = 0.0;
    for (const auto& entry : fs::directory_iterator{folder}) {
        if (entry.path().extension() == ".csv") {
            continue;
        }
        AudioBlocks audio{entry.path()};
        test::QuietMeter meter{audio.rate()};
        std::vector<float> block(8192 * audio.channels());
        while (const std::size_t count = audio.read(block)) {
            for (std::size_t i = 0; i < count; ++i) {
                meter.add(block[i * audio.channels()]);
            }
        }
        longest = std::max(longest, meter.longest_s() / slowest);
    }
    return longest;
}

double quiet_in_mix(const test::Capture& capture, std::int64_t first, std::int64_t last) {
    test::QuietMeter meter{test::set_rate};
    for (std::int64_t at = first; at < last; at += 480'000) {
        for (const float sample : capture.samples(0, at, std::min<std::int64_t>(at + 480'000, last))) {
            meter.add(sample);
        }
    }
    return meter.longest_to_the_end_s();
}

/// @returns whether all is as promised
bool report(const Night& night, std::size_t handovers, double first_s, double quiet_s, double own_quiet_s) {
    char text[160];
    bool all = handovers > 0;
    const auto figure = [&](const char* id, const char* what, const char* target, bool met) {
        test::print_figure(id, what, text, target, met);
        all = all && met;
    };
    std::snprintf(text, sizeof text, "%.1f s", first_s);
    figure("W4", "a folder's first sound after the command", "< 15 s", first_s < 15.0);
    const double median = test::median(night.kick_errors_ms);
    const double worst = test::percentile(night.kick_errors_ms, 1.0);
    std::snprintf(text, sizeof text, "%.2f ms; %.2f ms, of %zu in %zu", median, worst, night.kick_errors_ms.size(),
                  handovers);
    figure("W4", "kicks of two tracks in a hand-over: median; worst", "≤ 5 ms; ≤ 15 ms",
           !night.kick_errors_ms.empty() && median <= 5.0 && worst <= 15.0);
    std::snprintf(text, sizeof text, "%+.1f dB; %+.1f dB", night.lowest_db, night.highest_db);
    figure("S6", "the mix in a hand-over against the quieter and the louder of its tracks, each in 3 s",
           "within 1.5 dB", night.lowest_db >= -1.5 && night.highest_db <= 1.5);
    std::snprintf(text, sizeof text, "%.2f s; %.2f s", quiet_s, own_quiet_s);
    figure("W4", "longest time below -60 dB: of the mix; of the tracks", "no longer + 0.05 s",
           quiet_s <= own_quiet_s + 0.05);
    return all;
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
    test::Capture capture{"default", {"night-ears", 4, minutes * 60.0 + 30.0}};
    // The left side of everything: a deck's own sound, before the mixer's trim, fader and bands, and the mix.
    capture.listen_to("mixer-bus:master_l", 0);
    for (const char deck : {'A', 'B', 'C'}) {
        capture.listen_to("deck-" + std::string(1, deck) + ":out_l", channel_of(deck));
    }
    if (!capture.wait_for_sound(0, capture.first_frame(), test::Deadline{60'000})) {
        std::printf("nothing sounds:\n%s\n", play.output().c_str());
        return 1;
    }
    const double first_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    const std::int64_t first = *capture.first_sound(0, capture.first_frame());
    const std::int64_t last = first + static_cast<std::int64_t>(minutes * 60.0 * test::set_rate);
    (void)capture.wait_until(last, test::Deadline{static_cast<std::int64_t>(minutes * 60'000.0) + 60'000});
    (void)play.terminate();
    std::int64_t lost = 0;
    for (const auto& gap : capture.gaps()) {
        lost += gap.came - gap.expected;
    }
    std::printf("the clock jumped over %lld frames\n", static_cast<long long>(lost));
    Night night;
    std::size_t count = 0;
    for (const Handover& handover : handovers_in(played)) {
        if (handover.end <= last) {
            listen_to(capture, handover, night);
            ++count;
        }
    }
    const bool all =
        report(night, count, first_s, quiet_in_mix(capture, first, last), quiet_in_tracks(folder / "music"));
    if (!all) {
        std::printf("its log:\n%s\n", play.output().c_str());
    }
    return all ? 0 : 1;
}
