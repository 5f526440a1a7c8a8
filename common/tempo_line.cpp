// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/tempo_line.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

double TempoLine::slope() const noexcept {
    return to_ > from_ ? (to_bpm_.value - from_bpm_.value) / static_cast<double>((to_ - from_).value) : 0.0;
}

Bpm TempoLine::bpm_at(JackFrame frame) const noexcept {
    if (frame >= to_) {
        return frame < from_ ? from_bpm_ : to_bpm_;
    }
    if (frame <= from_) {
        return from_bpm_;
    }
    return Bpm{from_bpm_.value + slope() * static_cast<double>((frame - from_).value)};
}

Beats TempoLine::beat_at(double frame) const noexcept {
    // Distances from `from` are small and exact in a double, absolute frames need not be.
    const double x = frame - static_cast<double>(from_.value);
    const double ramp_length = to_ > from_ ? static_cast<double>((to_ - from_).value) : 0.0;
    const double in_ramp = std::clamp(x, 0.0, ramp_length);
    const double before = std::min(x, 0.0);
    const double after = std::max(x - ramp_length, 0.0);
    const double area =
        from_bpm_.value * (before + in_ramp) + 0.5 * slope() * in_ramp * in_ramp + to_bpm_.value * after;
    return Beats{start_beat_.value + area / frames_per_minute_};
}

double TempoLine::frame_of(Beats beat) const noexcept {
    const double origin = static_cast<double>(from_.value);
    const double area = (beat - start_beat_).value * frames_per_minute_;
    if (area <= 0.0) {
        return origin + area / from_bpm_.value;
    }
    const double ramp_length = to_ > from_ ? static_cast<double>((to_ - from_).value) : 0.0;
    const double ramp_area = 0.5 * (from_bpm_.value + to_bpm_.value) * ramp_length;
    if (area >= ramp_area) {
        return origin + ramp_length + (area - ramp_area) / to_bpm_.value;
    }
    // area = b*x + slope/2*x^2, in the form that does not cancel when the slope is tiny
    const double b = from_bpm_.value;
    return origin + 2.0 * area / (b + std::sqrt(b * b + 2.0 * slope() * area));
}

void TempoMap::add(const TempoLine& line) noexcept {
    while (count_ > 0 && lines_[count_ - 1].from() >= line.from()) {
        --count_;
    }
    if (count_ == capacity) {
        --count_;
    }
    lines_[count_++] = line;
}

void TempoMap::forget_before(JackFrame frame) noexcept {
    std::size_t in_force = 0;
    while (in_force + 1 < count_ && lines_[in_force + 1].from() <= frame) {
        ++in_force;
    }
    if (in_force > 1) {
        const auto first = lines_.begin() + static_cast<std::ptrdiff_t>(in_force - 1);
        std::move(first, lines_.begin() + static_cast<std::ptrdiff_t>(count_), lines_.begin());
        count_ -= in_force - 1;
    }
}

const TempoLine& TempoMap::line_at(double frame) const noexcept {
    std::size_t i = count_ - 1;
    while (i > 0 && frame < static_cast<double>(lines_[i].from().value)) {
        --i;
    }
    return lines_[i];
}

double TempoMap::frame_of(Beats beat) const noexcept {
    for (std::size_t i = 0; i + 1 < count_; ++i) {
        const double frame = lines_[i].frame_of(beat);
        if (frame < static_cast<double>(lines_[i + 1].from().value)) {
            return frame;
        }
    }
    return lines_[count_ - 1].frame_of(beat);
}

double TempoMap::next_multiple(double quantum, JackFrame not_before) const noexcept {
    // A hair of slack, so that a frame that lies on the beat to rounding counts as on it.
    const double now = beat_at(static_cast<double>(not_before.value)).value;
    const double beat = std::ceil(now / quantum - 1e-9) * quantum;
    return std::max(frame_of(Beats{beat}), static_cast<double>(not_before.value));
}

}  // namespace crowdjack
