// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/strip.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace crowdjack {

namespace {

constexpr double blend_seconds = 0.020;      ///< isolator in, isolator out
constexpr double insert_seconds = 0.010;     ///< an insert coming or going
constexpr double flat_hold_seconds = 0.100;  ///< a knob passing the middle doesn't switch the isolator out and in
constexpr double tail_seconds = 0.25;        ///< after it the slowest pole of a 200 Hz crossover is below e^-100

constexpr std::array<StripParameter, band_count> bands{StripParameter::low, StripParameter::mid, StripParameter::high};

void scale(std::span<float> samples, float gain) noexcept {
    for (float& sample : samples) {
        sample *= gain;
    }
}

void scale(std::span<float> samples, std::span<const float> gains) noexcept {
    for (std::size_t i = 0; i < samples.size(); ++i) {
        samples[i] *= gains[i];
    }
}

void mix(std::span<float> sum, std::span<const float> samples, float gain) noexcept {
    for (std::size_t i = 0; i < sum.size(); ++i) {
        sum[i] += samples[i] * gain;
    }
}

void mix(std::span<float> sum, std::span<const float> samples, std::span<const float> gains) noexcept {
    for (std::size_t i = 0; i < sum.size(); ++i) {
        sum[i] += samples[i] * gains[i];
    }
}

/// The gain of the side that `place` (-1…1) leaves: 1 up to the middle, then a quarter of a cosine down to 0.
float side_gain(float place) noexcept {
    if (place <= 0.0F) {
        return 1.0F;
    }
    return place >= 1.0F ? 0.0F : std::cos(place * std::numbers::pi_v<float> / 2.0F);
}

}  // namespace

void Strip::prepare(double rate, bool has_eq) noexcept {
    *this = Strip{};
    rate_ = rate;
    has_eq_ = has_eq;
}

CROWDJACK_REALTIME void Strip::take(std::span<const float> left, std::span<const float> right, JackFrame frame,
                                    StripControls controls) noexcept {
    frames_ = left.size();
    silent_ = is_silent(left) && is_silent(right);
    Automation& trim = controls[StripParameter::trim];
    if (silent_) {
        silent_frames_ += frames_;
        trim.settle(frame);
        return;
    }
    silent_frames_ = 0;
    meter_.cleaned += copy_clean(left, left_);
    meter_.cleaned += copy_clean(right, right_);
    if (trim.holds(frame, frames_)) {
        if (const float gain = trim.value_at(frame); gain != 1.0F) {
            scale(std::span{left_}.first(frames_), gain);
            scale(std::span{right_}.first(frames_), gain);
        }
        return;
    }
    const auto gains = std::span{gains_}.first(frames_);
    trim.render(frame, gains);
    scale(std::span{left_}.first(frames_), gains);
    scale(std::span{right_}.first(frames_), gains);
}

/// The isolator comes in exactly where the first band leaves flat, so that nothing depends on how frames fall into
/// chunks.
CROWDJACK_REALTIME std::size_t Strip::update_eq_state(JackFrame frame, StripControls controls) noexcept {
    bool flat = true;
    JackFrame leaves_flat = frame;
    JackFrame first_start{std::numeric_limits<std::int64_t>::max()};
    for (const auto band : bands) {
        Automation& gain = controls[band];
        gain.settle(frame);
        flat = flat && !gain.moving() && gain.target() == 1.0F;
        if (gain.next_target() != 1.0F) {
            first_start = std::min(first_start, gain.next_start());
        }
    }
    const JackFrame chunk_end = frame + Frames{static_cast<std::int64_t>(frames_)};
    if (flat && first_start < chunk_end) {
        flat = false;
        leaves_flat = first_start;
    }
    const Frames blend = to_frames({blend_seconds}, rate_);
    if (!flat) {
        flat_since_ = chunk_end;
        const EqState before = std::exchange(eq_state_, EqState::engaged);
        if (before != EqState::engaged) {
            wet_.schedule({leaves_flat, blend, 1.0F, FadeShape::smooth}, frame, Frames{0});
        }
        if (before == EqState::bypassed) {
            isolator_ = {};
            return static_cast<std::size_t>((leaves_flat - frame).value);
        }
        return 0;
    }
    if (eq_state_ == EqState::engaged && frame - flat_since_ >= to_frames({flat_hold_seconds}, rate_)) {
        eq_state_ = EqState::leaving;
        wet_.schedule({frame, blend, 0.0F, FadeShape::smooth}, frame, Frames{0});
    }
    if (eq_state_ == EqState::leaving && wet_.holds(frame, 1) && wet_.value_at(frame) == 0.0F) {
        eq_state_ = EqState::bypassed;
    }
    return 0;
}

CROWDJACK_REALTIME std::optional<IsolatorJob> Strip::isolator_job(JackFrame frame, StripControls controls) noexcept {
    if (!has_eq_) {
        return {};
    }
    const std::size_t skipped = update_eq_state(frame, controls);
    if (eq_state_ == EqState::bypassed) {
        return {};
    }
    if (silent_ && static_cast<double>(silent_frames_) > tail_seconds * rate_) {
        isolator_ = {};
        wet_.settle(frame);
        return {};
    }
    if (silent_) {  // the tail rings on
        std::fill_n(left_.begin(), frames_, 0.0F);
        std::fill_n(right_.begin(), frames_, 0.0F);
        silent_ = false;
    }
    IsolatorJob job{.state = &isolator_,
                    .samples = {left_.data() + skipped, right_.data() + skipped},
                    .steady = {},
                    .moving = {},
                    .wet = nullptr,
                    .frames = frames_ - skipped};
    for (std::size_t band = 0; band < band_count; ++band) {
        Automation& gain = controls[bands[band]];
        if (gain.holds(frame, frames_)) {
            job.steady[band] = gain.value_at(frame);
        } else {
            gain.render(frame, std::span{band_gains_[band]}.first(frames_));
            job.moving[band] = band_gains_[band].data() + skipped;
        }
    }
    if (!wet_.holds(frame, frames_) || wet_.value_at(frame) != 1.0F) {
        wet_.render(frame, std::span{wet_gains_}.first(frames_));
        job.wet = wet_gains_.data() + skipped;
    }
    return job;
}

CROWDJACK_REALTIME void Strip::give(std::span<float> sum_left, std::span<float> sum_right, std::span<float> pfl_left,
                                    std::span<float> pfl_right, JackFrame frame, StripControls controls) noexcept {
    Automation& fader = controls[StripParameter::fader];
    Automation& mute = controls[StripParameter::mute];
    Automation& pfl = controls[StripParameter::pfl];
    Automation& solo = controls[StripParameter::solo];
    Automation& pan = controls[StripParameter::pan];
    if (silent_) {
        meter_.left.add_silence(frames_);
        meter_.right.add_silence(frames_);
        fader.settle(frame);
        mute.settle(frame);
        pfl.settle(frame);
        solo.settle(frame);
        pan.settle(frame);
        return;
    }
    const auto left = std::span{std::as_const(left_)}.first(frames_);
    const auto right = std::span{std::as_const(right_)}.first(frames_);
    meter_.left.add(left);
    meter_.right.add(right);

    const auto gains = std::span{gains_}.first(frames_);
    if (!pfl.holds(frame, frames_)) {
        pfl.render(frame, gains);
        mix(pfl_left, left, gains);
        mix(pfl_right, right, gains);
    } else if (const float gain = pfl.value_at(frame); gain != 0.0F) {
        mix(pfl_left, left, gain);
        mix(pfl_right, right, gain);
    }

    if (!(fader.holds(frame, frames_) && mute.holds(frame, frames_) && solo.holds(frame, frames_) &&
          pan.holds(frame, frames_))) {
        give_moving(sum_left, sum_right, frame, controls);
        return;
    }
    if (const float gain = fader.value_at(frame) * mute.value_at(frame) * solo.value_at(frame); gain != 0.0F) {
        const float place = pan.value_at(frame);
        mix(sum_left, left, gain * side_gain(place));
        mix(sum_right, right, gain * side_gain(-place));
    }
}

CROWDJACK_REALTIME void Strip::give_moving(std::span<float> sum_left, std::span<float> sum_right, JackFrame frame,
                                           StripControls controls) noexcept {
    const auto left = std::span{std::as_const(left_)}.first(frames_);
    const auto right = std::span{std::as_const(right_)}.first(frames_);
    const auto gains = std::span{gains_}.first(frames_);
    const auto more = std::span{more_gains_}.first(frames_);
    controls[StripParameter::fader].render(frame, gains);
    for (const auto factor : {StripParameter::mute, StripParameter::solo}) {
        controls[factor].render(frame, more);
        scale(gains, more);
    }
    Automation& pan = controls[StripParameter::pan];
    if (pan.holds(frame, frames_) && pan.value_at(frame) == 0.0F) {
        mix(sum_left, left, gains);
        mix(sum_right, right, gains);
        return;
    }
    pan.render(frame, more);
    for (std::size_t i = 0; i < frames_; ++i) {
        sum_left[i] += left[i] * gains[i] * side_gain(more[i]);
        sum_right[i] += right[i] * gains[i] * side_gain(-more[i]);
    }
}

CROWDJACK_REALTIME void Strip::run_insert(const StripInsert& insert, JackFrame frame) noexcept {
    const std::array<Chunk*, 2> sides{&left_, &right_};
    for (std::size_t side = 0; side < 2 && !insert.send[side].empty(); ++side) {
        if (silent_) {
            std::fill(insert.send[side].begin(), insert.send[side].end(), 0.0F);
        } else {
            std::copy_n(sides[side]->begin(), frames_, insert.send[side].begin());
        }
    }
    const bool connected = !insert.back[0].empty() || !insert.back[1].empty();
    if (connected != insert_on_) {
        insert_on_ = connected;
        insert_leaving_ = !connected;
        insert_.schedule({frame, to_frames({insert_seconds}, rate_), connected ? 1.0F : 0.0F, FadeShape::smooth}, frame,
                         Frames{0});
    }
    if (!needs_insert()) {
        return;
    }
    const bool blending = !insert_.holds(frame, frames_);
    insert_leaving_ = blending && !insert_on_;
    if (!blending && !insert_on_) {
        insert_sides_ = {};
        return;
    }
    if (silent_) {
        std::fill_n(left_.begin(), frames_, 0.0F);
        std::fill_n(right_.begin(), frames_, 0.0F);
    }
    const auto gains = std::span{gains_}.first(frames_);
    insert_.render(frame, gains);
    const auto back = std::span{more_gains_}.first(frames_);
    for (std::size_t side = 0; side < 2; ++side) {
        insert_sides_[side] = insert_sides_[side] || !insert.back[side].empty();
        if (!insert_sides_[side]) {
            continue;  // a return of one side leaves the other as it is
        }
        std::fill(back.begin(), back.end(), 0.0F);
        meter_.cleaned += copy_clean(insert.back[side], back);
        Chunk& out = *sides[side];
        for (std::size_t i = 0; i < frames_; ++i) {
            out[i] = blending ? out[i] + (back[i] - out[i]) * gains[i] : back[i];
        }
    }
    silent_ = is_silent(std::span{std::as_const(left_)}.first(frames_)) &&
              is_silent(std::span{std::as_const(right_)}.first(frames_));
}

CROWDJACK_REALTIME Strip::Meter Strip::take_meter() noexcept { return std::exchange(meter_, Meter{}); }

}  // namespace crowdjack
