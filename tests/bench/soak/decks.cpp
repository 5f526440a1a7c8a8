// SPDX-License-Identifier: GPL-3.0-or-later
// The part of the judgement that is about the decks: what was heard of each, and what it counts itself.
#include "tests/bench/soak/judgement.hpp"
#include "tests/support/figures.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

namespace crowdjack::test::soak {

namespace {

constexpr std::array counted{"starved_frames", "stretch_underruns", "stretch_missing_frames",
                             "late_starts",    "late_lines",        "xruns",
                             "cleaned_samples"};

std::string deck_named(char letter) { return std::string{"deck-"} + letter; }

/// A reserve that ran dry stays deep for 20 s, and each time it does so again for twice as long, up to ten minutes
/// (deck/stretch/reserve_policy.hpp). So often it may find out that the machine is as busy as ever.
int most_times_dry(double seconds) {
    int times = 1;
    double quiet = 20.0;
    for (double at = quiet; at < seconds; at += quiet) {
        ++times;
        quiet = std::min(2.0 * quiet, 640.0);
    }
    return times;
}

/// Frames. A deck's worker that is further behind than 0.1 s (and what a stretcher is primed with, 0.1 s at most)
/// starts anew.
constexpr std::int64_t longest_dry = rate / 5;

/// How often a deck ran dry: what is less than a second apart is once.
struct Dry {
    int count{0};
    std::int64_t longest{0};
    std::int64_t end{std::numeric_limits<std::int64_t>::min() / 2};

    void add(const DeckEars::Silence& silence) {
        count += silence.frame > end + rate ? 1 : 0;
        end = silence.frame + silence.frames;
        longest = std::max(longest, silence.frames);
    }
};

}  // namespace

Judgement::Counts Judgement::counts_of_decks() {
    Counts counts;
    for (const char letter : letters) {
        const std::string deck = std::string{"deck-"} + letter;
        const auto health = stage_.ask(deck, at::deck_health);
        for (const std::string name : counted) {
            counts[deck + " " + name] = health.named(name);
        }
    }
    return counts;
}

double Judgement::counted_by_all(const std::string& name) const {
    double total = 0.0;
    for (const char letter : letters) {
        const std::string key = deck_named(letter) + " " + name;
        total += after_.at(key) - before_.at(key);
    }
    return total;
}

/// @returns the frames of silence that are not the machine's
std::int64_t Judgement::judge_silences(const Run& run) {
    std::int64_t own = 0;
    std::map<std::size_t, Dry> dry;
    int shown_places = 0;
    for (const auto& silence : stage_.ears().silences()) {
        const bool explained = machine_silenced(silence);
        if (++shown_places <= 20) {
            std::printf("  deck-%c silent for %lld frames at %.3f s of the clock%s\n", letters[silence.deck],
                        static_cast<long long>(silence.frames),
                        static_cast<double>(silence.frame) / static_cast<double>(rate),
                        explained ? " (the machine stalled)" : "");
        }
        if (!explained) {
            own += silence.frames;
            dry[silence.deck].add(silence);
        }
    }
    for (const auto& [deck, times] : dry) {
        // Deck A stretches nothing, so nothing of it can run dry.
        const int most = deck == 0 ? 0 : most_times_dry(run.seconds);
        check(times.count <= most && times.longest <= longest_dry,
              deck_named(letters[deck]) + " was silent " + std::to_string(times.count) + " times, for up to " +
                  std::to_string(times.longest) + " frames; " + std::to_string(most) + " times, for up to " +
                  std::to_string(longest_dry) + ", are what its reserve needs to learn how busy the machine is");
    }
    return own;
}

void Judgement::judge_decks(const Run& run) {
    std::int64_t silent = 0;
    std::int64_t repeated = 0;
    const std::int64_t bound = std::max(run.witnessed, skipped(run).stalled);
    for (std::size_t i = 0; i < letters.size(); ++i) {
        const auto heard = stage_.ears().heard(i);
        const std::string deck = deck_named(letters[i]);
        std::printf("  %s (%s): of %lld frames %lld silent, %lld repeated", deck.c_str(), methods.at(i),
                    static_cast<long long>(heard.frames), static_cast<long long>(heard.silent),
                    static_cast<long long>(heard.repeated));
        if (i == 0) {
            std::printf(", %lld jumps (%lld frames lie where none shows)", static_cast<long long>(heard.jumps),
                        static_cast<long long>(heard.unseen));
        }
        for (const std::string name : counted) {
            std::printf(", %s %.0f", name.c_str(), after_.at(deck + " " + name) - before_.at(deck + " " + name));
        }
        std::printf("\n");
        silent += heard.silent;
        repeated += heard.repeated;
        // A cycle in which JACK left out the deck sounds twice, and its end is a jump, as is its begin.
        check(heard.repeated <= bound && heard.jumps <= 2 * bound / run.period,
              deck + " gave out " + std::to_string(heard.repeated) + " frames twice and made " +
                  std::to_string(heard.jumps) + " jumps; the machine made no clock leave out more than " +
                  std::to_string(bound) + " frames");
        check(heard.frames > static_cast<std::int64_t>(run.seconds * 0.5) * rate, deck + " was not heard for long");
    }
    const std::int64_t own = judge_silences(run);
    const auto jumps = stage_.ears().heard(0).jumps;
    const double starved = counted_by_all("starved_frames");
    print_figure("R1",
                 "meanwhile each deck's output: silent frames; repeated ones; jumps of deck A; frames starved; beside "
                 "them silent while the machine stalled; stretch underruns",
                 std::to_string(own) + "; " + std::to_string(repeated) + "; " + std::to_string(jumps) + "; " +
                     shown(starved, 8) + "; " + std::to_string(silent - own) + "; " +
                     shown(counted_by_all("stretch_underruns"), 8),
                 "0; 0; 0; 0", own + repeated + jumps == 0 && starved == 0.0);
    for (const std::string name : {"starved_frames", "cleaned_samples"}) {
        check(counted_by_all(name) == 0.0, "the decks count " + shown(counted_by_all(name), 8) + " " + name);
    }
}

}  // namespace crowdjack::test::soak
