// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/cues.hpp"

#include "struct-export/text.hpp"

#include <algorithm>

namespace crowdjack {

namespace {

/// Analyses write times to 10 ms; this only forgives rounding in the last digits of a double.
constexpr double same_time = 1e-6;
/// Two tracks can't be mixed in less.
constexpr double shortest_mix_s = 4.0;

/// What the analysis calls `end` is the silence after the last chord; sometimes it is long enough to mix in.
bool is_short_end(const Segment& segment) {
    return match_key(trimmed(segment.label)) == "end" && segment.end.value - segment.start.value < shortest_mix_s;
}

Seconds find_ini(const TrackStruct& track, IntroFallback fallback) {
    const auto intro = std::find_if(track.segments.rbegin(), track.segments.rend(), [](const Segment& segment) {
        return match_key(trimmed(segment.label)) == "intro";
    });
    if (intro != track.segments.rend()) {
        return intro->end;
    }
    if (fallback == IntroFallback::none) {
        throw NotExported{"no intro segment",
                          "none of its " + std::to_string(track.segments.size()) +
                              " segments is labelled intro (--intro-fallback downbeat starts at the "
                              "first downbeat)"};
    }
    if (track.downbeats.empty()) {
        throw NotExported{"no intro segment", "no segment is labelled intro and there are no downbeats to start at"};
    }
    return Seconds{*std::ranges::min_element(track.downbeats)};
}

}  // namespace

Cues find_cues(const TrackStruct& track, int n_sections, IntroFallback fallback) {
    const Seconds ini = find_ini(track, fallback);
    const auto first = std::ranges::find_if(
        track.segments, [ini](const Segment& segment) { return segment.start.value >= ini.value - same_time; });
    const auto available = std::distance(first, track.segments.end());
    if (available < n_sections) {
        throw NotExported{"fewer than n sections", std::to_string(available) + " segments start at or after " +
                                                       fixed(ini.value, 2) + " s, n is " + std::to_string(n_sections)};
    }
    const Segment& nth = *(first + (n_sections - 1));
    if (is_short_end(nth)) {
        throw NotExported{"fewer than n sections", std::to_string(n_sections - 1) + " segments start at or after " +
                                                       fixed(ini.value, 2) + " s and then an 'end' of " +
                                                       fixed(nth.end.value - nth.start.value, 2) +
                                                       " s, too short to mix in; n is " + std::to_string(n_sections)};
    }
    const Cues cues{ini, std::max(ini, nth.start), nth.end};
    if (cues.end.value <= cues.begin.value + same_time) {
        throw NotExported{"empty section", "the segment at " + fixed(nth.start.value, 2) +
                                               " s has no length: there is nothing to hand over in"};
    }
    return cues;
}

}  // namespace crowdjack
