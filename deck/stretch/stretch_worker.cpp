// SPDX-License-Identifier: GPL-3.0-or-later
// The thread itself: what it does next, when it rests, and how a freewheeling audio thread waits for it.
#include "deck/stretch/stretch_worker.hpp"

#include "common/log.hpp"
#include "deck/stretch/thread_time.hpp"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <exception>

namespace crowdjack {

namespace {

constexpr std::int64_t nothing_yet = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t everything = std::numeric_limits<std::int64_t>::max();
constexpr double lost_s =
    0.1;  // behind by more than this and its priming, a take starts anew sooner than it catches up

double since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool become_realtime(std::thread& thread, int priority) {
    sched_param parameters{};
    parameters.sched_priority = priority;
    return priority > 0 && pthread_setschedparam(thread.native_handle(), SCHED_FIFO, &parameters) == 0;
}

}  // namespace

StretchWorker::StretchWorker(const StretchVoice::Settings& settings)
    : rate_{settings.server_rate},
      player_{settings.server_rate},
      covered_{nothing_yet},
      played_{nothing_yet},
      wanted_{nothing_yet},
      cycle_{settings.period},
      policy_{settings.server_rate} {
    thread_ = std::thread{[this] { run(); }};
    realtime_ = become_realtime(thread_, settings.realtime_priority);
    policy_.realtime(realtime_);
}

StretchWorker::~StretchWorker() {
    {
        const std::lock_guard lock{mutex_};
        quit_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void StretchWorker::schedule(JackFrame from, std::optional<StretchPlan> plan) {
    {
        const std::lock_guard lock{mutex_};
        inbox_.push_back({from, std::move(plan)});
        at_rest_.store(false, std::memory_order_release);
    }
    wake_.notify_all();
}

CROWDJACK_REALTIME std::uint32_t StretchWorker::read(JackFrame frame, std::span<float> left, std::span<float> right,
                                                     bool freewheeling) noexcept {
    const std::int64_t end = frame.value + static_cast<std::int64_t>(left.size());
    if (freewheeling_.load(std::memory_order_relaxed) != freewheeling) {
        freewheeling_.store(freewheeling, std::memory_order_relaxed);
    }
    cycle_.store(static_cast<std::uint32_t>(left.size()), std::memory_order_relaxed);
    if (freewheeling) {
        const RealtimeExemption offline_render;  // complete and the same every time comes before on time
        played_.store(frame.value, std::memory_order_release);
        wait_for_worker(end);
    }
    const std::uint32_t missing = player_.read(frame, left, right);
    played_.store(end, std::memory_order_release);
    return missing;
}

void StretchWorker::wait_for_worker(std::int64_t wanted) noexcept {
    std::unique_lock lock{mutex_};
    wanted_ = wanted;
    covered_ = nothing_yet;  // what it knew was for an earlier block
    wake_.notify_all();
    made_.wait(lock, [&] { return quit_ || (inbox_.empty() && covered_ >= wanted); });
}

void StretchWorker::run() {
    disable_denormals();
    while (true) {
        {
            const std::lock_guard lock{mutex_};
            if (quit_) {
                return;
            }
            take_orders();
        }
        try {
            collect();
            settle();
            const bool more = work();
            publish();
            if (more) {
                let_others();
                continue;
            }
        } catch (const std::exception& failure) {
            log_event(LogLevel::error, "stretch-failed", {{"why", failure.what()}});
            give_up();
        }
        rest();
    }
}

// Whoever runs at a real-time priority keeps its processor for as long as it works, and priming a take is tens of
// milliseconds of work: another deck's worker would run dry behind it. So each step is followed by the others' turn.
void StretchWorker::let_others() const noexcept {
    if (realtime_.load(std::memory_order_relaxed)) {
        sched_yield();
    }
}

// With mutex_ held.
void StretchWorker::take_orders() {
    while (!inbox_.empty()) {
        Entry& entry = inbox_.front();
        std::erase_if(orders_, [&](const Entry& order) { return order.from >= entry.from; });
        orders_.push_back(std::move(entry));
        inbox_.pop_front();
        covered_ = nothing_yet;
    }
}

bool StretchWorker::wants_more(const StretchTake& take) const noexcept {
    const std::int64_t made = take.ring().end().value;
    if (take.lost || made >= take.end.load(std::memory_order_relaxed)) {
        return false;
    }
    if (freewheeling_.load(std::memory_order_relaxed)) {
        const std::int64_t wanted = wanted_.load(std::memory_order_relaxed);
        return take.begin().value < wanted && made < wanted;
    }
    return reserve_of(take) < policy_.target() + (filling_ ? policy_.batch() : 0);
}

std::int64_t StretchWorker::reserve_of(const StretchTake& take) const noexcept {
    const std::int64_t from = std::max(played_.load(std::memory_order_acquire), take.begin().value);
    return take.ring().end().value - from;
}

// What plays must not run dry while the next is primed; otherwise the next comes first, since it is waited for.
StretchTake* StretchWorker::most_urgent() {
    StretchTake* urgent = nullptr;
    for (const auto& take : takes_) {
        if (take.get() != coming_ && wants_more(*take) &&
            (urgent == nullptr || reserve_of(*take) < reserve_of(*urgent))) {
            urgent = take.get();
        }
    }
    const bool comes = coming_ != nullptr && wants_more(*coming_);
    if (comes && (urgent == nullptr || reserve_of(*urgent) > policy_.target() * 3 / 4)) {
        return coming_;
    }
    return urgent;
}

bool StretchWorker::work() {
    policy_.period(cycle_.load(std::memory_order_relaxed));
    if (restart_if_lost()) {
        return true;
    }
    if (serving_ != nullptr && serving_ != coming_ && played_ != nothing_yet && !freewheeling_) {
        policy_.look({played_}, reserve_of(*serving_), player_.underruns.load(std::memory_order_relaxed));
    }
    offer_coming();
    StretchTake* take = most_urgent();
    filling_ = take != nullptr;  // once awake, make some more: waking up costs more than a step
    if (take == nullptr) {
        return false;
    }
    advance(*take);
    refresh_if_worn();
    offer_coming();
    return true;
}

void StretchWorker::advance(StretchTake& take) {
    const auto start = std::chrono::steady_clock::now();
    const double cpu = thread_seconds();
    take.advance();
    policy_.step(take.step_frames(), since(start), thread_seconds() - cpu);
}

// A take is handed over when what is needed of it is there, so that the fade into it never finds it empty.
void StretchWorker::offer_coming() {
    const bool filled =
        coming_ != nullptr && (!wants_more(*coming_) || (!freewheeling_ && reserve_of(*coming_) >= policy_.target()));
    if (!filled || offered_) {
        return;
    }
    if (freewheeling_ && coming_->begin().value >= wanted_) {
        return;
    }
    offered_ = true;
    StretchTake* unseen = player_.offer(coming_);
    std::erase_if(takes_, [&](const auto& take) { return take.get() == unseen; });
}

// After a stall or a missed second: in phase again by a new take rather than by racing through what nobody will hear.
bool StretchWorker::restart_if_lost() {
    if (freewheeling_ || played_ == nothing_yet) {
        return false;
    }
    StretchTake* take = coming_ != nullptr ? coming_ : serving_;
    if (take == nullptr || take->lost || played_ >= take->end) {
        return false;
    }
    const std::int64_t behind = played_ - take->ring().end().value;
    if (behind < take->prime_frames() + static_cast<std::int64_t>(lost_s * rate_)) {
        return false;
    }
    take->lost = true;
    restarts_.fetch_add(1, std::memory_order_relaxed);
    renew(take->plans_from({played_}));
    return true;
}

std::int64_t StretchWorker::covered() const noexcept {
    const std::int64_t wanted = wanted_;
    std::int64_t frame = everything;
    for (const auto& take : takes_) {
        const bool ahead = take.get() == coming_ && !offered_;
        const std::int64_t made = take->ring().end().value;
        if (take->begin().value < wanted && (ahead || made < take->end)) {
            frame = std::min(frame, ahead ? take->begin().value : made);
        }
    }
    return frame;
}

void StretchWorker::publish() noexcept {
    const StretchTake* take = serving_ != nullptr ? serving_ : coming_;
    playing_.store(take != nullptr, std::memory_order_relaxed);
    const std::int64_t reserve = take == nullptr ? 0 : std::max<std::int64_t>(reserve_of(*take), 0);
    reserve_frames_.store(static_cast<std::uint32_t>(reserve), std::memory_order_relaxed);
    target_frames_.store(static_cast<std::uint32_t>(policy_.target()), std::memory_order_relaxed);
    mode_.store(policy_.mode(), std::memory_order_relaxed);
    cost_.store(policy_.cost(), std::memory_order_relaxed);
}

// Until the first take falls to its target; at once when told something.
std::chrono::microseconds StretchWorker::idle_time() const noexcept {
    constexpr double shortest_s = 0.0005;
    constexpr double longest_s = 0.1;
    double idle_s = longest_s;
    const std::int64_t played = played_;
    for (const auto& take : takes_) {
        const std::int64_t begin = take->begin().value;
        const std::int64_t until_begin = played == nothing_yet || played > begin ? 0 : begin - played;
        const std::int64_t spare = reserve_of(*take) - policy_.target() + until_begin;
        if (!take->lost && take->ring().end().value < take->end) {
            idle_s = std::min(idle_s, static_cast<double>(spare) / rate_);
        }
    }
    const bool standing = played_ == rested_at_;
    idle_s = std::max(idle_s, standing ? 0.005 : shortest_s);
    return std::chrono::microseconds{static_cast<std::int64_t>(1e6 * idle_s)};
}

void StretchWorker::rest() {
    std::unique_lock lock{mutex_};
    at_rest_.store(takes_.empty() && orders_.empty() && inbox_.empty(), std::memory_order_release);
    covered_ = covered();
    made_.notify_all();
    const auto told = [this] { return quit_ || !inbox_.empty() || (freewheeling_ && covered_ < wanted_); };
    if (freewheeling_) {
        // Nobody says when freewheeling ends: look often, since the reserve is empty then.
        wake_.wait_for(lock, std::chrono::milliseconds{1}, told);
    } else if (takes_.empty()) {
        wake_.wait_for(lock, std::chrono::milliseconds{100}, told);
    } else {
        const auto idle = idle_time();
        rested_at_ = played_;
        wake_.wait_for(lock, idle, told);
    }
}

StretchHealth StretchWorker::health() const {
    StretchHealth health;
    health.playing = playing_.load(std::memory_order_relaxed);
    health.mode = mode_.load(std::memory_order_relaxed);
    health.reserve_frames = reserve_frames_.load(std::memory_order_relaxed);
    health.target_frames = target_frames_.load(std::memory_order_relaxed);
    health.underruns = player_.underruns.load(std::memory_order_relaxed);
    health.missing_frames = player_.missing_frames.load(std::memory_order_relaxed);
    health.late_frames = player_.late_frames.load(std::memory_order_relaxed);
    health.restarts = restarts_.load(std::memory_order_relaxed);
    health.cost = cost_.load(std::memory_order_relaxed);
    health.realtime = realtime_.load(std::memory_order_relaxed);
    return health;
}

}  // namespace crowdjack
