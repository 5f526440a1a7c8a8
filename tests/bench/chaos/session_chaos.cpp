// SPDX-License-Identifier: GPL-3.0-or-later
// A set that plays, is recorded and streamed while everything around it breaks, at random but repeatably: clients and
// the session killed and stopped, packets in floods, the card away or back at another rate, the recordings' disk full,
// Icecast away, the runtime folder away or full, the log not read.
//
// Then: every second of silence belongs to something that was broken and silences; every recorded frame is the right
// one of its track, or silence; no client is missing; descriptors, mappings, memory and /dev/shm are as they were.
//
// usage: session_chaos WITNESS [SECONDS [SEED]]   (the program silence_witness; 60 and 1 by default. From two minutes
//        on there is time between the acts to mend, and for the longer ones)
#include "tests/bench/chaos/acts.hpp"
#include "tests/bench/chaos/judgement.hpp"
#include "tests/bench/chaos/stage.hpp"
#include "tests/bench/held.hpp"
#include "tests/support/figures.hpp"

#include <cstdio>
#include <cstdlib>

using namespace crowdjack::test;
using namespace crowdjack::test::chaos;
using std::string;

namespace {

void print_deeds(const Acts& acts) {
    for (const auto& [what, count] : acts.counts()) {
        std::printf(" %s %d", what.c_str(), count);
    }
    std::printf("\n");
}

std::map<string, Held> held_by_all(const Stage& stage) {
    std::map<string, Held> all;
    for (const string& client : clients) {
        all[client] = held_by(stage.pid_of(client));
    }
    return all;
}

bool all_there(const Stage& stage) {
    bool good = true;
    for (const string& client : clients) {
        if (stage.pid_of(client) == 0) {
            std::printf("  %s is missing\n", client.c_str());
            good = false;
        }
    }
    return good;
}

/// Both channels sound, as the witness's last word has it.
bool sounds(Stage& stage) {
    return eventually([&] {
        const auto heard = stage.witness().lines();
        return !heard.empty() && heard.back().ends_with(" 1 1");
    });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: session_chaos WITNESS [SECONDS [SEED]]\n");
        return 2;
    }
    const double seconds = argc > 2 ? std::atof(argv[2]) : 60.0;
    const auto seed = static_cast<std::uint32_t>(argc > 3 ? std::atoi(argv[3]) : 1);
    Stage stage{argv[1]};
    if (!stage.healthy(patient) || !stage.play_both() || !sounds(stage)) {
        std::printf("the set did not come up:\n%s\n", stage.reader().output().c_str());
        return 1;
    }
    pause_for(2.0);
    const auto before = held_by_all(stage);
    const std::uintmax_t shm_before = bytes_in("/dev/shm");
    Recordings recordings{stage.recordings()};
    Acts acts{stage, seed, seconds >= 120.0};
    const double begin = seconds_now();
    acts.run(seconds, [&] { recordings.look(); });
    bool good = stage.healthy(Deadline{60'000});
    const double end = seconds_now();
    string line;
    (void)stage.health(line);
    std::printf("chaos of %.0f s, seed %u:", seconds, seed);
    print_deeds(acts);
    std::printf("  at the end: %s", line.c_str());
    good = acts.failures().empty() && good;
    good = all_there(stage) && good;
    if (stage.icecast() != nullptr && !stage.streams()) {
        std::printf("  nothing is streamed at the end\n");
        good = false;
    }
    pause_for(2.0);
    good = judge_held(before, held_by_all(stage)) && good;
    const std::uintmax_t shm_after = bytes_in("/dev/shm");
    std::printf("  /dev/shm %ju -> %ju bytes\n", shm_before, shm_after);
    good = shm_after <= shm_before + 2 * 1024 * 1024 && good;
    double silent = 0.0;
    good = judge_silence(stage.witness().lines(), acts.deeds(), begin, end, silent) && good;
    const auto ended = stage.session().terminate();
    std::printf("  the session ended with %d\n", ended.value_or(-1));
    good = ended == 0 && good;
    good = recordings.judge() && good;
    // Where no server ran nothing was recorded, and the disk was full for a while: never more than was heard.
    if (recordings.silent_seconds() > silent + 0.5) {
        std::printf("  there is more silence in the recordings than was heard\n");
        good = false;
    }
    if (!good) {
        std::printf("its log:\n%s\n", stage.reader().output().c_str());
    }
    print_figure("W9",
                 shown(seconds, 4) + " s of faults at random, seed " + std::to_string(seed) +
                     ": silence of a channel; programs, frames, memory and silence explained",
                 shown(silent, 4) + " s; " + (good ? "all" : "NOT all"), "0 s unexplained", good);
    return good ? 0 : 1;
}
