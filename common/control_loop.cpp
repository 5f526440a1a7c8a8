// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/control_loop.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "common/log_output.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <exception>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace crowdjack {

namespace {

using Clock = std::chrono::steady_clock;

struct Timer {
    ControlLoop::TimerId id{};
    Clock::time_point due;
    ControlLoop::Duration period{};               ///< zero: once
    std::shared_ptr<ControlLoop::Action> action;  ///< shared: it keeps what it remembers, and may cancel itself
};

/// One failing action must not end the program: the music goes on.
void run_guarded(const ControlLoop::Action& action) {
    try {
        action();
    } catch (const std::exception& error) {
        log_event(LogLevel::error, "action-failed", {{"why", error.what()}});
    }
}

}  // namespace

struct ControlLoop::State {
    std::map<int, std::shared_ptr<Action>> watched;
    std::vector<Timer> timers;
    std::map<int, Action> signals;
    std::uint64_t next_timer{1};
    int signal_fd{-1};
    int wake_fd{-1};
    std::atomic<bool> stopping{false};  ///< written by anyone, read by the loop (relaxed; wake_fd orders it)
    std::mutex posted_mutex;
    std::vector<Action> posted;  ///< guarded by posted_mutex

    /// The first multiple of `period` after `now`, counted from the machine's start: timers of related periods fall due
    /// in the same wake-up, in all programs of a set at once, so that who hears them all is woken once.
    [[nodiscard]] static Clock::time_point next_multiple(Duration period, Clock::time_point now);
    [[nodiscard]] int milliseconds_to_next_timer() const;
    void run_due_timers();
    void run_posted();
    void take_signals();
    void wake() const;
};

Clock::time_point ControlLoop::State::next_multiple(Duration period, Clock::time_point now) {
    return Clock::time_point{(now.time_since_epoch() / period + 1) * period};
}

int ControlLoop::State::milliseconds_to_next_timer() const {
    if (timers.empty()) {
        return -1;
    }
    const auto next =
        std::min_element(timers.begin(), timers.end(), [](const Timer& a, const Timer& b) { return a.due < b.due; });
    const auto left = std::chrono::ceil<Duration>(next->due - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void ControlLoop::State::run_due_timers() {
    const auto now = Clock::now();
    std::vector<TimerId> due;
    for (const Timer& timer : timers) {
        if (timer.due <= now) {
            due.push_back(timer.id);
        }
    }
    // By id: an action may add and cancel timers.
    for (const TimerId id : due) {
        const auto timer = std::find_if(timers.begin(), timers.end(), [id](const Timer& t) { return t.id == id; });
        if (timer == timers.end()) {
            continue;
        }
        const std::shared_ptr<Action> action = timer->action;
        if (timer->period.count() > 0) {
            timer->due = next_multiple(timer->period, now);
        } else {
            timers.erase(timer);
        }
        run_guarded(*action);
    }
}

void ControlLoop::State::run_posted() {
    std::vector<Action> actions;
    {
        const std::lock_guard lock{posted_mutex};
        actions.swap(posted);
    }
    for (const Action& action : actions) {
        run_guarded(action);
    }
}

void ControlLoop::State::take_signals() {
    signalfd_siginfo info{};
    while (::read(signal_fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        if (const auto found = signals.find(static_cast<int>(info.ssi_signo)); found != signals.end()) {
            run_guarded(found->second);
        }
    }
}

void ControlLoop::State::wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_fd, &one, sizeof one);
}

ControlLoop::ControlLoop() : state_{std::make_unique<State>()} {
    state_->wake_fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (state_->wake_fd < 0) {
        throw Failure{"cannot create an event descriptor: " + errno_text(errno)};
    }
    watch(state_->wake_fd, [this] {
        std::uint64_t count{};
        [[maybe_unused]] const auto bytes = ::read(state_->wake_fd, &count, sizeof count);
        state_->run_posted();
    });
}

ControlLoop::~ControlLoop() {
    ::close(state_->wake_fd);
    if (state_->signal_fd >= 0) {
        ::close(state_->signal_fd);
    }
}

void ControlLoop::watch(int fd, Action action) { state_->watched[fd] = std::make_shared<Action>(std::move(action)); }

void ControlLoop::unwatch(int fd) { state_->watched.erase(fd); }

ControlLoop::TimerId ControlLoop::after(Duration delay, Action action) {
    const TimerId id{state_->next_timer++};
    state_->timers.push_back({id, Clock::now() + delay, Duration::zero(), std::make_shared<Action>(std::move(action))});
    return id;
}

ControlLoop::TimerId ControlLoop::every(Duration period, Action action) {
    const TimerId id{state_->next_timer++};
    const auto due = state_->next_multiple(period, Clock::now());
    state_->timers.push_back({id, due, period, std::make_shared<Action>(std::move(action))});
    return id;
}

ControlLoop::TimerId ControlLoop::at_next(Duration period, Action action) {
    const TimerId id{state_->next_timer++};
    const auto due = state_->next_multiple(period, Clock::now());
    state_->timers.push_back({id, due, Duration::zero(), std::make_shared<Action>(std::move(action))});
    return id;
}

void ControlLoop::cancel(TimerId timer) {
    std::erase_if(state_->timers, [timer](const Timer& t) { return t.id == timer; });
}

void ControlLoop::on_signal(int signal_number, Action action) {
    state_->signals[signal_number] = std::move(action);
    sigset_t set;
    sigemptyset(&set);
    for (const auto& [number, unused] : state_->signals) {
        sigaddset(&set, number);
    }
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    const bool first = state_->signal_fd < 0;
    state_->signal_fd = ::signalfd(state_->signal_fd, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (state_->signal_fd < 0) {
        throw Failure{"cannot watch signals: " + errno_text(errno)};
    }
    if (first) {
        watch(state_->signal_fd, [this] { state_->take_signals(); });
    }
}

void ControlLoop::post(Action action) {
    {
        const std::lock_guard lock{state_->posted_mutex};
        state_->posted.push_back(std::move(action));
    }
    state_->wake();
}

void ControlLoop::run() {
    std::vector<pollfd> polled;
    while (!state_->stopping.load(std::memory_order_relaxed)) {
        polled.clear();
        for (const auto& [fd, unused] : state_->watched) {
            polled.push_back({fd, POLLIN, 0});
        }
        if (const int log = log_backlog_descriptor(); log >= 0) {
            polled.push_back({log, POLLOUT, 0});
        }
        const int ready = ::poll(polled.data(), polled.size(), state_->milliseconds_to_next_timer());
        if (ready < 0 && errno != EINTR) {
            throw Failure{"the control loop cannot poll: " + errno_text(errno)};
        }
        for (const pollfd& entry : polled) {
            if (ready <= 0 || entry.revents == 0) {
                continue;
            }
            if (entry.events == POLLOUT) {
                flush_log();
                continue;
            }
            const auto found = state_->watched.find(entry.fd);
            if (found != state_->watched.end()) {
                const std::shared_ptr<Action> action = found->second;  // it may unwatch itself
                run_guarded(*action);
            }
        }
        state_->run_due_timers();
    }
    state_->stopping.store(false, std::memory_order_relaxed);
}

void ControlLoop::stop() {
    state_->stopping.store(true, std::memory_order_relaxed);
    state_->wake();
}

}  // namespace crowdjack
