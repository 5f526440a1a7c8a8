// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace crowdjack {

/// The control thread of a program: one poll() over sockets, timers, signals and work posted by other threads.
///
/// Everything but post() and stop() belongs to the thread that calls run().
class ControlLoop {
public:
    using Action = std::function<void()>;
    using Duration = std::chrono::milliseconds;
    enum class TimerId : std::uint64_t {};

    ControlLoop();
    ~ControlLoop();
    ControlLoop(const ControlLoop&) = delete;
    ControlLoop& operator=(const ControlLoop&) = delete;

    /// Calls `action` whenever `fd` is readable (or hung up). The loop does not own the descriptor.
    void watch(int fd, Action action);
    void unwatch(int fd);

    /// Calls `action` once after `delay` / again and again each `period`; a late call is not made up for.
    TimerId after(Duration delay, Action action);
    TimerId every(Duration period, Action action);
    /// Calls `action` once, with the next call of whatever is called each `period`: timers of related periods share
    /// their wake-ups.
    TimerId at_next(Duration period, Action action);
    /// Forgets a timer; unknown or elapsed ids are ignored.
    void cancel(TimerId timer);

    /// Blocks `signal_number` for the whole process (call before any thread starts) and calls `action` on the loop
    /// instead.
    void on_signal(int signal_number, Action action);

    /// Any thread but audio: runs `action` on the loop's thread soon.
    void post(Action action);

    /// Runs until stop(). Exceptions from actions are logged as errors and the loop goes on.
    void run();

    /// Any thread but audio, and from within actions.
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace crowdjack
