// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/stretch/stretch_take.hpp"

#include "deck/stretch/clean_input.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

constexpr double jump_s = 0.001;  // a difference below this is made good by pace, above it by a crossfade
constexpr double correction_per_frame = 1.0 / 2400;  // half of an error is gone after 35 ms at 48 kHz
constexpr double greatest_correction = 0.02;  // pace; a third of a semitone's worth of tempo, inaudible for moments
constexpr double out_of_reach_s = 0.5;        // no pace makes that good: the motion jumped
constexpr double good_enough = 4.0;           // frames; so that a steady motion is a steady ratio
constexpr double rounding = 1e-7;             // of the motion's closed form
constexpr double pace_span = 256;             // frames over which the motion's speed is taken
constexpr std::size_t longest_read = 8192;
constexpr double ring_s = 0.7;  // well above the deepest reserve plus the longest period

double unity_step(const Trajectory& motion) { return motion.file_rate / motion.server_rate; }

}  // namespace

StretchTake::StretchTake(const StretchPlan& plan, JackFrame begin, double server_rate)
    : serial{plan.serial},
      method_{plan.method},
      planned_{plan.from},
      source_{plan.source},
      step_{unity_step(plan.motion)},
      motions_{{plan.from, plan.motion, 0.0, plan.serial}},
      engine_{make_stretch_engine(plan.method, server_rate, step_ / plan.motion.speed_at(begin))},
      ring_{begin, static_cast<std::size_t>(ring_s * server_rate) + longest_read},
      origin_{begin.value - static_cast<std::int64_t>(engine_->prime_frames())},
      first_position_{0.0} {
    const StretchPlace first = engine_->place();
    first_position_ = target_at(static_cast<double>(origin_) + first.output) - first.input * step_;
    if (step_ == 1.0) {
        first_position_ = std::round(first_position_);
    }
    const std::size_t longest = std::max(engine_->max_feed(), engine_->max_step());
    left_.resize(longest);
    right_.resize(longest);
}

const StretchTake::Motion& StretchTake::motion_at(double frame) const noexcept {
    std::size_t i = motions_.size() - 1;
    while (i > 0 && frame < static_cast<double>(motions_[i].from.value)) {
        --i;
    }
    return motions_[i];
}

double StretchTake::target_at(double frame) const noexcept {
    const Motion& m = motion_at(frame);
    return m.motion.source_at(frame) - m.relabel;
}

void StretchTake::advance() {
    while (motions_.size() > 1 && motions_[1].from.value <= origin_ + made_) {
        motions_.erase(motions_.begin());
    }
    choose_ratio();
    feed_step();
    take_output();
}

// What the coming step places is decided; its error and the ratio decide where the one after it falls.
void StretchTake::choose_ratio() {
    const StretchPlace place = engine_->place();
    const double frame = static_cast<double>(origin_) + place.output;
    const double target = target_at(frame);
    error_ = (source_of(place.input) - target) / step_;
    const double speed = (target_at(frame + pace_span) - target) / (pace_span * step_);
    const double off = std::abs(error_) < good_enough ? 0.0 : error_;
    const double correction = std::clamp(off * correction_per_frame, -greatest_correction, greatest_correction);
    const double pace = std::max(speed * (1.0 - correction), 0.01);
    engine_->set_ratio(std::abs(pace - 1.0) < rounding ? 1.0 : 1.0 / pace);
}

void StretchTake::feed_step() {
    do {
        feed(engine_->wanted());
    } while (engine_->available() == 0);
}

void StretchTake::feed(std::size_t frames) {
    const double ahead = static_cast<double>(origin_ + made_) + engine_->look_ahead();
    const Motion& m = motion_at(ahead);
    for (std::size_t done = 0; done < frames;) {
        const std::size_t run = std::min(frames - done, longest_read);
        const auto left = std::span{left_}.subspan(done, run);
        const auto right = std::span{right_}.subspan(done, run);
        source_->read(m.motion, source_of(static_cast<double>(fed_)) + m.relabel, step_, left, right);
        clean_input(left);
        clean_input(right);
        fed_ += static_cast<std::int64_t>(run);
        done += run;
    }
    engine_->feed(std::span{left_}.first(frames), std::span{right_}.first(frames));
}

bool StretchTake::worn() const {
    return engine_->worn() || std::abs(error_) > out_of_reach_s * motions_.front().motion.server_rate;
}

void StretchTake::take_output() {
    const std::size_t frames = engine_->available();
    const auto left = std::span{left_}.first(frames);
    const auto right = std::span{right_}.first(frames);
    engine_->retrieve(left, right);
    const std::int64_t primed = begin().value - origin_;
    const auto skip =
        static_cast<std::size_t>(std::clamp(primed - made_, std::int64_t{0}, static_cast<std::int64_t>(frames)));
    ring_.append(left.subspan(skip), right.subspan(skip));
    made_ += static_cast<std::int64_t>(frames);
    last_step_ = static_cast<std::int64_t>(frames);
}

bool StretchTake::go_on(const StretchPlan& plan) {
    if (plan.method != method_ || plan.source != source_ || unity_step(plan.motion) != step_) {
        return false;
    }
    const auto at = static_cast<double>(plan.from.value);
    const Motion& old = motion_at(at);
    const double before = old.motion.source_at(at);
    const double after = plan.motion.source_at(at);
    const double off = plan.motion.fold(after) - old.motion.fold(before);
    const double tolerance = jump_s * plan.motion.file_rate;
    if (std::abs(off) > tolerance) {
        return false;
    }
    const double relabel = old.relabel + (after - before) - off;
    // What the engine already holds must be what the new motion would have fed it.
    const double held = source_of(static_cast<double>(fed_));
    if (held + relabel > after &&
        std::abs(plan.motion.fold(held + relabel) - old.motion.fold(held + old.relabel)) > tolerance) {
        return false;
    }
    std::erase_if(motions_, [&](const Motion& m) { return m.from >= plan.from; });
    motions_.push_back({plan.from, plan.motion, relabel, plan.serial});
    serial.store(plan.serial, std::memory_order_release);
    return true;
}

std::vector<StretchPlan> StretchTake::plans_from(JackFrame frame) const {
    std::vector<StretchPlan> plans;
    for (const Motion& m : motions_) {
        if (m.from <= frame) {
            plans.clear();
        }
        plans.push_back({method_, source_, m.motion, m.from, m.serial});
    }
    return plans;
}

void StretchTake::forget_from(JackFrame from) {
    while (motions_.size() > 1 && motions_.back().from >= from) {
        motions_.pop_back();
    }
}

}  // namespace crowdjack
