// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/limb_eq.hpp"

namespace crowdjack {

namespace {

constexpr double flat_percent = 50.0;

}  // namespace

void LimbEq::hear(const TraceEvent& event, double now_s) noexcept {
    switch (event.kind) {
    case TraceEvent::Kind::arms:
        arms_.add(event.value, now_s);
        break;
    case TraceEvent::Kind::legs:
        legs_.add(event.value, now_s);
        break;
    case TraceEvent::Kind::head:
        head_.add(event.value, now_s);
        break;
    default:
        break;
    }
}

double LimbEq::percent_of(const ReportWindow& limb, double now_s) const noexcept {
    const auto mean = limb.mean(now_s);
    return mean ? floor_ + (flat_percent - floor_) * *mean : flat_percent;
}

LimbEq::Percents LimbEq::percents(double now_s) const noexcept {
    return {percent_of(legs_, now_s), percent_of(arms_, now_s), percent_of(head_, now_s)};
}

}  // namespace crowdjack
