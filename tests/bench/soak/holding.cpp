// SPDX-License-Identifier: GPL-3.0-or-later
// The second half of the judgement: what is around the sound.
#include "tests/bench/soak/judgement.hpp"
#include "tests/support/figures.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

namespace crowdjack::test::soak {

namespace {

/// Of sound in an Ogg stream in which each title begins a new chain (RFC 3533: a page's header says how far it is in
/// its chain, and how long it is itself).
double seconds_in(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    std::map<std::uint32_t, std::int64_t> chains;  // frames, by their serial numbers
    std::array<char, 27> header{};
    while (file.read(header.data(), header.size()) && std::string_view{header.data(), 4} == "OggS") {
        std::int64_t granule = 0;
        std::uint32_t serial = 0;
        std::memcpy(&granule, header.data() + 6, sizeof granule);
        std::memcpy(&serial, header.data() + 14, sizeof serial);
        chains[serial] = std::max(chains[serial], granule);
        std::vector<char> lengths(static_cast<unsigned char>(header[26]));
        file.read(lengths.data(), static_cast<std::streamsize>(lengths.size()));
        for (const char length : lengths) {
            file.ignore(static_cast<unsigned char>(length));
        }
    }
    std::int64_t frames = 0;
    for (const auto& [serial, count] : chains) {
        frames += count;
    }
    return static_cast<double>(frames) / static_cast<double>(rate);
}

using Looks = std::vector<std::map<std::string, Held>>::const_iterator;

/// The least of each number in these looks.
std::map<std::string, Held> least_of(Looks begin, Looks end) {
    std::map<std::string, Held> least = *begin;
    for (auto look = begin; look != end; ++look) {
        for (auto& [program, held] : least) {
            const Held& other = look->at(program);
            held.descriptors = std::min(held.descriptors, other.descriptors);
            held.mappings = std::min(held.mappings, other.mappings);
            held.threads = std::min(held.threads, other.threads);
            held.anonymous_kib = std::min(held.anonymous_kib, other.anonymous_kib);
            held.resident_kib = std::min(held.resident_kib, other.resident_kib);
        }
    }
    return least;
}

double own_mib(const std::map<std::string, Held>& held) {
    double sum = 0.0;
    for (const auto& [program, what] : held) {
        sum += static_cast<double>(what.anonymous_kib) / 1024.0;
    }
    return sum;
}

}  // namespace

Judgement::Skipped Judgement::skipped(const Run& run) const {
    Skipped sum;
    for (const auto& [expected, came] : stage_.marker().clock().skips()) {
        if (came > run.first && expected < run.last) {
            sum.frames += came - expected;
            sum.stalled += machine_broke(expected, came - expected, run.period) ? came - expected : 0;
        }
    }
    return sum;
}

void Judgement::judge_clock(const Run& run) {
    const auto [frames, stalled] = skipped(run);
    const bool met = frames - stalled <= run.witnessed;
    print_figure("R1",
                 "meanwhile frames that the clock of the set left out; of them while the machine stalled; that a clock "
                 "left out that nobody uses",
                 std::to_string(frames) + "; " + std::to_string(stalled) + "; " + std::to_string(run.witnessed),
                 "the rest no more than the last", met);
    check(met, "the clock of the set left out " + std::to_string(frames) + " frames, " + std::to_string(stalled) +
                   " of them while the machine stalled, but a clock that nobody uses only " +
                   std::to_string(run.witnessed));
}

/// Frames that the mixer's own clock left out, as its log has it.
std::int64_t Judgement::mixer_holes() {
    std::int64_t frames = 0;
    for (const auto& line : stage_.session().lines()) {
        const auto at = line.find(" frames=");
        if (at != std::string::npos && line.find("recording-hole") != std::string::npos) {
            frames += std::atoll(line.c_str() + at + 8);
        }
    }
    return frames;
}

void Judgement::judge_stream(const Run& run) {
    if (stage_.icecast() == nullptr) {
        std::printf("  icecast2 is not here (or refuses to run): nothing was streamed\n");
        return;
    }
    const int sources = stage_.sources();
    const double streamed_s = seconds_in(stage_.icecast()->dump("set", 1));
    std::printf("  stream: %d source(s), %ju bytes meanwhile, %.1f s of sound\n", sources,
                streamed_ - streamed_at_first_, streamed_s);
    check(sources == 1, "icecast saw " + std::to_string(sources) + " sources, not one");
    // What is on its way at the end: the encoder's and icecast's buffers.
    check(streamed_s > run.seconds - 20.0, "icecast has " + shown(streamed_s, 6) + " s of sound only");
}

/// The programs that stretch, or the others.
std::map<std::string, Held> Judgement::stretching(const std::map<std::string, Held>& all, bool they_do) {
    std::map<std::string, Held> some;
    for (const auto& [program, held] : all) {
        if ((program.starts_with("deck-") && program != "deck-A") == they_do) {
            some.emplace(program, held);
        }
    }
    return some;
}

void Judgement::judge_growth(const Run& run) {
    const auto third = static_cast<std::ptrdiff_t>(std::max<std::size_t>(1, held_.size() / 3));
    const auto before = least_of(held_.begin(), held_.begin() + third);
    const auto after = least_of(held_.end() - third, held_.end());
    // Where nothing comes and goes, nothing grows but by the odd page: a leak of 0.5 KiB a second is 1 MiB between the
    // thirds of an hour.
    const Growth small{.descriptors = 2, .mappings = 8, .threads = 0, .anonymous_kib = 1024, .anonymous_part = 0.0};
    // A stretcher takes up to 7 MiB. One to three of a deck's are there at a time, and the allocator keeps what it had
    // for the most: in an hour all decks have been there in the first third, in two minutes they may not.
    const bool is_long = run.seconds >= 1800.0;
    const Growth takes{.descriptors = 2,
                       .mappings = 8,
                       .threads = 0,
                       .anonymous_kib = is_long ? 8192U : 16384U,
                       .anonymous_part = 0.0};
    const bool flat = judge_held(stretching(before, false), stretching(after, false), small) &&
                      judge_held(stretching(before, true), stretching(after, true), takes);
    check(flat, "a program holds more in the last third than in the first");
    const auto shm_before = *std::min_element(shm_.begin(), shm_.begin() + third);
    const auto shm_after = *std::min_element(shm_.end() - third, shm_.end());
    print_figure("R1",
                 "meanwhile memory of all programs, MiB: least in the first third of " + shown(run.seconds, 4) +
                     " s, more in the last; bytes in /dev/shm, more in the last",
                 shown(own_mib(before), 4) + ", " + shown(own_mib(after) - own_mib(before)) + "; " +
                     std::to_string(shm_before) + ", " +
                     std::to_string(static_cast<std::intmax_t>(shm_after) - static_cast<std::intmax_t>(shm_before)),
                 "flat: a stretcher of 7 MiB a deck comes and goes; 0", flat && shm_after <= shm_before);
    check(shm_after <= shm_before,
          "/dev/shm holds " + std::to_string(shm_after) + " bytes, not " + std::to_string(shm_before));
}

bool Judgement::close() {
    const auto code = stage_.session().terminate();
    check(code == 0, "the session ended with " + std::to_string(code.value_or(-1)));
    std::map<std::string, int> warnings;
    for (const auto& line : stage_.session().lines()) {
        check(line.find(sprung_trap) == std::string::npos, line);
        std::istringstream words{line};
        std::string time;
        std::string level;
        std::string program;
        std::string event;
        words >> time >> level >> program >> event;
        if (level == "warning" || level == "error") {
            ++warnings[level + " " + program + " " + event];
        }
    }
    for (const auto& [warning, count] : warnings) {
        std::printf("  log: %s, %d times\n", warning.c_str(), count);
    }
    for (const auto& fault : faults_) {
        std::printf("  FAULT: %s\n", fault.c_str());
    }
    if (!faults_.empty()) {
        const auto lines = stage_.session().lines();
        std::printf("the end of its log:\n");
        for (std::size_t i = lines.size() - std::min<std::size_t>(lines.size(), 400); i < lines.size(); ++i) {
            std::printf("%s\n", lines[i].c_str());
        }
    }
    std::printf("%s\n", faults_.empty() ? "as it should be" : "NOT as it should be");
    return faults_.empty();
}

}  // namespace crowdjack::test::soak
