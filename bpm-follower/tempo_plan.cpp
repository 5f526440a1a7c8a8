// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/tempo_plan.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

double part_of_the_way(JackFrame from, JackFrame to, JackFrame frame) noexcept {
    return static_cast<double>((frame - from).value) / static_cast<double>((to - from).value);
}

}  // namespace

Bpm TempoRamp::at(JackFrame frame) const noexcept {
    if (frame >= to) {
        return to_bpm;
    }
    if (frame <= from) {
        return from_bpm;
    }
    return {from_bpm.value + (to_bpm.value - from_bpm.value) * part_of_the_way(from, to, frame)};
}

TempoBend TempoBend::shifting(Beats shift, JackFrame from, Bpm bpm, double rate) noexcept {
    // The triangle's area: shift = peak / 2 * length, with length in minutes.
    const double length_s = std::max(shortest_s, 120.0 * std::abs(shift.value) / (steepest * bpm.value));
    const auto half = std::llround(0.5 * length_s * rate);
    const JackFrame middle{from.value + half};
    const JackFrame to{middle.value + half};
    return {from, middle, to, shift.value * 60.0 * rate / static_cast<double>(half)};
}

double TempoBend::at(JackFrame frame) const noexcept {
    if (frame <= from || frame >= to) {
        return 0.0;
    }
    return frame < middle ? peak_bpm * part_of_the_way(from, middle, frame)
                          : peak_bpm * part_of_the_way(to, middle, frame);
}

std::vector<TempoLine> lines_of(JackFrame from, Beats beat, Bpm bpm, const TempoRamp& ramp, const TempoBend& bend,
                                double rate) {
    std::vector<JackFrame> corners{ramp.to};
    if (bend.active_at(from)) {
        corners.insert(corners.end(), {bend.middle, bend.to});
    }
    std::erase_if(corners, [&](JackFrame corner) { return corner <= from; });
    std::sort(corners.begin(), corners.end());
    corners.erase(std::unique(corners.begin(), corners.end()), corners.end());

    const auto meant_at = [&](JackFrame frame) { return Bpm{ramp.at(frame).value + bend.at(frame)}; };
    if (corners.empty()) {
        return {TempoLine{from, beat, bpm, from, meant_at(from), rate}};
    }
    std::vector<TempoLine> lines;
    for (const auto corner : corners) {
        lines.emplace_back(from, beat, bpm, corner, meant_at(corner), rate);
        beat = lines.back().beat_at(corner);
        bpm = lines.back().to_bpm();
        from = corner;
    }
    return lines;
}

}  // namespace crowdjack
