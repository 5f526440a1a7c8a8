// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/chaos/judgement.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

namespace crowdjack::test::chaos {

namespace {

/// From `begin` to `end` a channel was silent.
struct Stretch {
    double begin, end;
};

/// The witness's clock reads the end of a cycle, and a deed its own begin.
constexpr double tolerance = 0.1;

std::vector<Stretch> silences(const std::vector<std::string>& heard, bool right, double begin, double end) {
    std::vector<Stretch> all;
    std::optional<double> since;
    const auto close = [&](double at) {
        if (since && std::min(at, end) > std::max(*since, begin)) {
            all.push_back({std::max(*since, begin), std::min(at, end)});
        }
        since.reset();
    };
    for (const std::string& line : heard) {
        double at = 0.0;
        int left_sounds = 0;
        int right_sounds = 0;
        if (std::sscanf(line.c_str(), "%lf %d %d", &at, &left_sounds, &right_sounds) != 3) {
            continue;
        }
        if ((right ? right_sounds : left_sounds) != 0) {
            close(at);
        } else if (!since) {
            since = at;
        }
    }
    close(end);
    return all;
}

struct Share {
    int times{0};
    double seconds{0.0}, longest{0.0};
};

/// The latest deed that explains silence at `at` on that channel.
const Deed* explanation(const std::vector<Deed>& deeds, bool right, double at) {
    for (auto deed = deeds.rbegin(); deed != deeds.rend(); ++deed) {
        if ((right ? deed->right : deed->left) && deed->begin - tolerance <= at &&
            at < deed->end + deed->echo + tolerance) {
            return &*deed;
        }
    }
    return nullptr;
}

/// Where the explanation by that deed ends: at its echo's end, or where the next that also explains begins.
double explained_until(const Deed& deed) { return deed.end + deed.echo + tolerance; }

const Deed* last_before(const std::vector<Deed>& deeds, double at) {
    const Deed* last = nullptr;
    for (const Deed& deed : deeds) {
        last = deed.begin <= at ? &deed : last;
    }
    return last;
}

}  // namespace

bool judge_silence(const std::vector<std::string>& heard, const std::vector<Deed>& deeds, double begin, double end,
                   double& silent_seconds) {
    std::map<std::string, Share> shares;
    double unexplained = 0.0;
    silent_seconds = 0.0;
    for (const bool right : {false, true}) {
        double silent = 0.0;
        for (const Stretch& stretch : silences(heard, right, begin, end)) {
            silent += stretch.end - stretch.begin;
            double at = stretch.begin;
            while (at < stretch.end) {
                const Deed* why = explanation(deeds, right, at);
                if (why == nullptr) {
                    const Deed* last = last_before(deeds, at);
                    std::printf("  UNEXPLAINED: %s silent for %.3f s at %.3f s, %.3f s after %s began\n",
                                right ? "right" : "left", stretch.end - at, at - begin,
                                last == nullptr ? at - begin : at - last->begin,
                                last == nullptr ? "the set" : last->name.c_str());
                    unexplained += stretch.end - at;
                    break;
                }
                const double until = std::min(stretch.end, explained_until(*why));
                Share& share = shares[why->name];
                ++share.times;
                share.seconds += until - at;
                share.longest = std::max(share.longest, until - at);
                at = until;
            }
        }
        std::printf("  %s: silent for %.2f s of %.0f s\n", right ? "right" : "left", silent, end - begin);
        silent_seconds = std::max(silent_seconds, silent);
    }
    for (const auto& [name, share] : shares) {
        std::printf("    %-28s %3d silences, %7.2f s in all, longest %.2f s\n", name.c_str(), share.times,
                    share.seconds, share.longest);
    }
    std::printf("  silence that nothing explains: %.3f s\n", unexplained);
    return unexplained == 0.0;
}

}  // namespace crowdjack::test::chaos
