// SPDX-License-Identifier: GPL-3.0-or-later
// How the worker turns plans into takes: go on where the sound goes on, make a take where it jumps.
#include "deck/stretch/stretch_worker.hpp"

#include <algorithm>

namespace crowdjack {

// Takes the audio thread is done with. One that was to serve comes back only when it was passed over (it was cancelled
// and begun in the same moment): then what it had to play is ordered anew.
void StretchWorker::collect() {
    promote();
    while (StretchTake* back = player_.retired()) {
        if (back == coming_) {
            coming_ = nullptr;
        }
        if (back == serving_) {
            serving_ = nullptr;
            const std::int64_t now = played_;
            if (coming_ == nullptr && now < back->end) {
                renew(back->plans_from({now}));
            }
        }
        std::erase_if(takes_, [&](const auto& take) { return take.get() == back; });
    }
}

// The player took the offer and passed its begin: it plays.
void StretchWorker::promote() {
    if (coming_ != nullptr && offered_ && player_.taken() && played_ > coming_->begin().value) {
        serving_ = coming_;
        coming_ = nullptr;
    }
}

void StretchWorker::renew(std::vector<StretchPlan> plans) {
    if (coming_ != nullptr && coming_->lost) {
        cancel_coming();
    }
    for (auto plan = plans.rbegin(); plan != plans.rend(); ++plan) {
        orders_.push_front({plan->from, std::move(*plan)});
    }
}

// What another order replaced before it could be heard is not played: jumps may come faster than takes are primed, and
// each order holds its source.
void StretchWorker::drop_overtaken() {
    while (!freewheeling_ && orders_.size() > 1 && orders_[1].from.value <= played_) {
        orders_.pop_front();
    }
}

void StretchWorker::settle() {
    drop_overtaken();
    while (!orders_.empty() && settle_first()) {
        orders_.pop_front();
    }
}

StretchTake* StretchWorker::take_for(JackFrame from) const noexcept {
    return coming_ != nullptr && coming_->planned() <= from ? coming_ : serving_;
}

bool StretchWorker::settle_first() {
    const Entry& order = orders_.front();
    if (!order.plan) {
        settle_stop(order.from);
        return true;
    }
    return settle_plan(*order.plan);
}

void StretchWorker::settle_stop(JackFrame at) {
    StretchTake* take = take_for(at);
    if (coming_ != nullptr && (take != coming_ || at <= coming_->begin())) {
        cancel_coming();  // it would never be heard, and never come back from the player
        take = serving_;
    }
    if (take != nullptr) {
        take->forget_from(at);
        take->end.store(std::min(at.value, take->end.load(std::memory_order_relaxed)), std::memory_order_release);
    }
}

bool StretchWorker::settle_plan(const StretchPlan& plan) {
    StretchTake* take = take_for(plan.from);
    if (take != nullptr && !take->lost && plan.from.value <= take->end && take->go_on(plan)) {
        take->end.store(StretchTake::endless, std::memory_order_release);
        if (take != coming_) {
            cancel_coming();
        }
        return true;
    }
    const bool overdue = !freewheeling_ && plan.from.value <= played_;
    if (coming_ != nullptr && coming_->planned() < plan.from && !overdue) {
        return false;  // one jump at a time: when the coming take plays, this one is next
    }
    cancel_coming();
    make_take(plan, earliest(plan.from));
    return true;
}

void StretchWorker::cancel_coming() {
    if (coming_ == nullptr) {
        return;
    }
    StretchTake* cancelled = coming_;
    coming_ = nullptr;
    if (offered_) {
        cancelled->cancelled.store(true, std::memory_order_release);
    } else {
        std::erase_if(takes_, [&](const auto& take) { return take.get() == cancelled; });
    }
}

JackFrame StretchWorker::earliest(JackFrame from) const noexcept {
    const std::int64_t played = played_;
    if (freewheeling_) {
        return {std::max(from.value, played)};
    }
    if (played == std::numeric_limits<std::int64_t>::min()) {
        return from;
    }
    constexpr std::int64_t priming_guess = 6000;
    const std::int64_t ready = policy_.time_to_make(priming_guess + policy_.target());
    const auto cycles = 2 * static_cast<std::int64_t>(cycle_.load(std::memory_order_relaxed));
    return {std::max(from.value, played + ready + cycles)};
}

void StretchWorker::make_take(const StretchPlan& plan, JackFrame begin) {
    takes_.push_back(std::make_unique<StretchTake>(plan, begin, rate_));
    coming_ = takes_.back().get();
    offered_ = false;
}

// A fresh take of the same follows a worn one, late enough to be primed in time. The frame depends on what was made,
// not on when, so that a render repeats.
void StretchWorker::refresh_if_worn() {
    if (serving_ == nullptr || coming_ != nullptr || serving_->lost || !serving_->worn()) {
        return;
    }
    constexpr double notice_s = 0.1;
    const JackFrame begin = serving_->ring().end() + to_frames(Seconds{notice_s}, rate_);
    if (begin.value >= serving_->end) {
        return;
    }
    std::vector<StretchPlan> plans = serving_->plans_from(begin);
    StretchPlan fresh = plans.front();
    fresh.from = begin;
    plans.erase(plans.begin());
    make_take(fresh, begin);
    renew(std::move(plans));
}

// The source or an engine threw: whatever was to play is over.
void StretchWorker::give_up() {
    orders_.clear();
    cancel_coming();
    for (const auto& take : takes_) {
        take->end.store(std::numeric_limits<std::int64_t>::min(), std::memory_order_release);
    }
}

}  // namespace crowdjack
