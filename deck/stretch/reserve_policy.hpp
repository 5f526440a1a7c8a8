// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/stretch/stretch_voice.hpp"

#include <atomic>
#include <cstdint>

namespace crowdjack {

/// How deep the reserve of finished output is to be: two periods, twice the slowest step measured lately, and a slack
/// for the scheduler that the mode decides, in whole periods.
///
/// A near miss deepens it by a mode, an underrun sends it to emergency; quiet time takes it back, mode by mode: 20 s,
/// and twice as long after each further underrun, because a machine that took the time once takes it again. Time is
/// counted in frames played. Worker thread.
class ReservePolicy {
public:
    explicit ReservePolicy(double server_rate) : rate_{server_rate} {}

    /// The worker runs at a real-time priority, so it needs less slack. Any thread.
    void realtime(bool is) noexcept { realtime_.store(is, std::memory_order_relaxed); }

    /// The audio thread takes `frames` at once.
    void period(std::uint32_t frames) noexcept { period_ = frames; }

    /// A step made `frames` of sound in `seconds`, `cpu_s` of them at work (the rest waiting for storage, or a core).
    void step(std::int64_t frames, double seconds, double cpu_s) noexcept;

    /// Played up to `now`, the worker found `reserve` frames left; `underruns` so far.
    void look(JackFrame now, std::int64_t reserve, std::uint64_t underruns) noexcept;

    /// Depth in frames below which to produce.
    [[nodiscard]] std::int64_t target() const noexcept;
    /// Frames to make beyond target() once at it.
    [[nodiscard]] std::int64_t batch() const noexcept;
    [[nodiscard]] ReserveMode mode() const noexcept { return mode_; }

    /// Seconds of work per second of sound, lately.
    [[nodiscard]] double cost() const noexcept { return cost_; }

    /// Time that making `frames` of sound will take, in frames.
    [[nodiscard]] std::int64_t time_to_make(std::int64_t frames) const noexcept;

private:
    void deepen(JackFrame now, ReserveMode at_least) noexcept;
    [[nodiscard]] double slack_s() const noexcept;
    [[nodiscard]] std::int64_t breathless() const noexcept;

    double rate_;
    std::atomic<bool> realtime_{false};  ///< written at set-up (relaxed)
    std::uint32_t period_{256};
    std::int64_t longest_step_{512};  ///< frames, lately
    double slowest_step_s_{0.001};
    double cost_{0.1};
    ReserveMode mode_{ReserveMode::normal};
    std::uint64_t underruns_{0};
    int falls_{0};       ///< underruns, but for those that quiet time has made up for
    JackFrame since_{};  ///< of this mode, or of the last trouble in it
    bool looked_{false};
    bool ample_{true};  ///< the reserve never came near half since then
};

}  // namespace crowdjack
