// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/stretch/reserve_policy.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

constexpr double forget = 0.002;  // per step: a slow step counts for some seconds
constexpr double stall_s = 0.02;  // a slower step waited for storage: no reserve would have helped
constexpr double calm_s = 20.0;   // without trouble, one mode back
constexpr int most_falls = 6;     // then it takes ten minutes
constexpr double batch_s = 0.016;
// The deepest reserve plus the engines' look-ahead stays within the lead with which a tempo line is announced.
constexpr double deepest_s = 0.140;

}  // namespace

void ReservePolicy::step(std::int64_t frames, double seconds, double cpu_s) noexcept {
    if (frames <= 0) {
        return;
    }
    slowest_step_s_ = std::max(std::min(seconds, stall_s), slowest_step_s_ * (1.0 - forget));
    longest_step_ = std::max(frames, longest_step_ - longest_step_ / 500);
    const double cost = cpu_s * rate_ / static_cast<double>(frames);
    cost_ += 0.02 * (cost - cost_);
}

double ReservePolicy::slack_s() const noexcept {
    const double scheduler_s = realtime_ ? 0.003 : 0.008;
    switch (mode_) {
    case ReserveMode::relaxed:
        return scheduler_s;
    case ReserveMode::normal:
        return 2.0 * scheduler_s;
    case ReserveMode::urgent:
        return 6.0 * scheduler_s;
    case ReserveMode::emergency:
        return deepest_s;
    }
    return scheduler_s;
}

std::int64_t ReservePolicy::breathless() const noexcept {
    return static_cast<std::int64_t>(period_) + static_cast<std::int64_t>(slowest_step_s_ * rate_);
}

std::int64_t ReservePolicy::target() const noexcept {
    const auto period = static_cast<double>(period_);
    const double least = 2.0 * period;
    const double wanted = least + (2.0 * slowest_step_s_ + slack_s()) * rate_;
    const double deepest = std::max(least, deepest_s * rate_ - static_cast<double>(longest_step_ + batch()));
    return static_cast<std::int64_t>(std::ceil(std::min(wanted, deepest) / period) * period);
}

std::int64_t ReservePolicy::batch() const noexcept { return static_cast<std::int64_t>(batch_s * rate_); }

void ReservePolicy::deepen(JackFrame now, ReserveMode at_least) noexcept {
    mode_ = std::max(mode_, at_least);
    since_ = now;
    ample_ = true;
}

void ReservePolicy::look(JackFrame now, std::int64_t reserve, std::uint64_t underruns) noexcept {
    if (!looked_) {
        since_ = now;
        looked_ = true;
    }
    if (underruns != underruns_) {
        underruns_ = underruns;
        falls_ = std::min(falls_ + 1, most_falls);
        deepen(now, ReserveMode::emergency);
        return;
    }
    if (reserve < breathless()) {
        deepen(now, ReserveMode::urgent);
        return;
    }
    ample_ = ample_ && reserve > target() * 3 / 4;
    const auto calm = static_cast<std::int64_t>(std::ldexp(calm_s * rate_, std::max(falls_ - 1, 0)));
    if ((now - since_).value > calm) {
        if (mode_ <= ReserveMode::normal) {
            falls_ = std::max(falls_ - 1, 0);
        }
        if (mode_ > ReserveMode::normal || (mode_ == ReserveMode::normal && ample_)) {
            mode_ = static_cast<ReserveMode>(static_cast<int>(mode_) - 1);
        } else if (mode_ == ReserveMode::relaxed && !ample_) {
            mode_ = ReserveMode::normal;
        }
        since_ = now;
        ample_ = true;
    }
}

std::int64_t ReservePolicy::time_to_make(std::int64_t frames) const noexcept {
    return static_cast<std::int64_t>(cost_ * static_cast<double>(frames) + slowest_step_s_ * rate_);
}

}  // namespace crowdjack
