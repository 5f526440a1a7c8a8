// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/automation.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace crowdjack {

namespace {

/// How far along the way a shape is, 0…1, at t in 0…1.
double progress(FadeShape shape, bool rising, double t) noexcept {
    constexpr double quarter = std::numbers::pi / 2.0;
    switch (shape) {
    case FadeShape::linear:
        return t;
    case FadeShape::equal_power:
        return rising ? std::sin(t * quarter) : 1.0 - std::cos(t * quarter);
    case FadeShape::smooth:
        return 0.5 - 0.5 * std::cos(t * std::numbers::pi);
    }
    return t;
}

}  // namespace

void Automation::reset(float value) noexcept {
    active_ = Move{.start = JackFrame{0}, .length = Frames{0}, .target = value, .shape = FadeShape::linear};
    from_ = value;
    moving_ = false;
    pending_count_ = 0;
}

CROWDJACK_REALTIME bool Automation::schedule(Move move, JackFrame now, Frames least_length) noexcept {
    if (move.start == Move::soonest) {
        move.start = now;
    } else if (move.start < now) {
        const Frames left = (move.start + move.length) - now;
        move.length = std::max(left, std::min(move.length, least_length));
        move.start = now;
    }
    auto* const end = pending_.begin() + pending_count_;
    auto* const place =
        std::lower_bound(pending_.begin(), end, move, [](const Move& a, const Move& b) { return a.start < b.start; });
    if (place != end && place->start == move.start) {
        *place = move;
        return true;
    }
    if (pending_count_ == capacity) {
        return false;
    }
    std::move_backward(place, end, end + 1);
    *place = move;
    ++pending_count_;
    return true;
}

CROWDJACK_REALTIME void Automation::forget_waiting(JackFrame now) noexcept {
    settle(now);
    pending_count_ = 0;
}

CROWDJACK_REALTIME void Automation::settle(JackFrame frame) noexcept {
    while (pending_count_ > 0 && pending_[0].start <= frame) {
        from_ = value_at(pending_[0].start);
        active_ = pending_[0];
        moving_ = from_ != active_.target;
        std::move(pending_.begin() + 1, pending_.begin() + pending_count_, pending_.begin());
        --pending_count_;
    }
    if (moving_ && frame >= end()) {
        moving_ = false;
    }
}

CROWDJACK_REALTIME bool Automation::holds(JackFrame frame, std::size_t frames) noexcept {
    settle(frame);
    return !moving_ && (pending_count_ == 0 || pending_[0].start - frame >= Frames{static_cast<std::int64_t>(frames)});
}

float Automation::value_at(JackFrame frame) const noexcept {
    if (!moving_ || frame >= end()) {
        return active_.target;
    }
    const double t = static_cast<double>((frame - active_.start).value) / static_cast<double>(active_.length.value);
    const double to = active_.target;
    const double from = from_;
    return static_cast<float>(from + (to - from) * progress(active_.shape, to > from, std::max(t, 0.0)));
}

CROWDJACK_REALTIME void Automation::render(JackFrame frame, std::span<float> values) noexcept {
    while (!values.empty()) {
        settle(frame);
        auto run = static_cast<std::int64_t>(values.size());
        if (pending_count_ > 0) {
            run = std::min(run, (pending_[0].start - frame).value);
        }
        if (moving_) {
            run = std::min(run, (end() - frame).value);
        }
        const auto part = values.first(static_cast<std::size_t>(run));
        if (moving_) {
            render_move(frame, part);
        } else {
            std::fill(part.begin(), part.end(), active_.target);
        }
        values = values.subspan(part.size());
        frame = frame + Frames{run};
    }
}

CROWDJACK_REALTIME void Automation::render_move(JackFrame frame, std::span<float> values) const noexcept {
    const double from = from_;
    const double to = active_.target;
    const double step = 1.0 / static_cast<double>(active_.length.value);
    const auto first = static_cast<double>((frame - active_.start).value);
    if (active_.shape == FadeShape::linear) {
        const double slope = (to - from) * step;
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = static_cast<float>(from + slope * (first + static_cast<double>(i)));
        }
        return;
    }
    // Both curved shapes are a sine: turn a unit vector instead of calling sin for every frame. Each call starts from
    // the closed form, so rounding can't gather over a long fade.
    const bool smooth = active_.shape == FadeShape::smooth;
    const double angle_step = step * (smooth ? std::numbers::pi : std::numbers::pi / 2.0);
    const double turn_cos = std::cos(angle_step);
    const double turn_sin = std::sin(angle_step);
    double c = std::cos(first * angle_step);
    double s = std::sin(first * angle_step);
    const bool rising = to > from;
    for (float& value : values) {
        const double way = smooth ? 0.5 - 0.5 * c : (rising ? s : 1.0 - c);
        value = static_cast<float>(from + (to - from) * way);
        const double next = c * turn_cos - s * turn_sin;
        s = s * turn_cos + c * turn_sin;
        c = next;
    }
}

}  // namespace crowdjack
