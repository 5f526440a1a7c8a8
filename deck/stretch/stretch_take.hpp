// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/stretch/frame_ring.hpp"
#include "deck/stretch/stretch_engine.hpp"
#include "deck/stretch/stretch_voice.hpp"

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace crowdjack {

/// One engine playing one uninterrupted stretch of one source, from its first frame to the jump that ends it: what the
/// audio thread crossfades between.
///
/// The engine is held to the motion: at each step it is known which source frame will sound at which JACK frame; the
/// ratio for the next step is the motion's own speed there plus a gentle correction of what is off.
class StretchTake {
public:
    static constexpr std::int64_t endless = std::numeric_limits<std::int64_t>::max();

    /// Worker thread. Allocates, does not read the source yet.
    StretchTake(const StretchPlan& plan, JackFrame begin, double server_rate);

    /// Worker thread: one step of the engine; its sound goes to the ring. May block in the source.
    void advance();

    /// Worker thread: `plan.motion` from `plan.from` on, if that is the same sound going on; false when it is a jump.
    [[nodiscard]] bool go_on(const StretchPlan& plan);

    /// Worker thread: forgets motions that were to begin at or after `from`.
    void forget_from(JackFrame from);

    /// Worker thread: what is to be played from `frame` on, as plans for a take that replaces this one. Never empty.
    [[nodiscard]] std::vector<StretchPlan> plans_from(JackFrame frame) const;

    /// Worker thread: a fresh take of the same would be better in place.
    [[nodiscard]] bool worn() const;

    /// Worker thread: server frames by which the source that sounds at the step made last was ahead of the motion.
    [[nodiscard]] double error_frames() const noexcept { return error_; }

    /// Worker thread: the source ahead of the sound, in output frames at unity.
    [[nodiscard]] double look_ahead() const noexcept { return engine_->look_ahead(); }
    [[nodiscard]] std::int64_t prime_frames() const noexcept {
        return static_cast<std::int64_t>(engine_->prime_frames());
    }
    [[nodiscard]] std::int64_t step_frames() const noexcept { return last_step_; }
    /// The frame from which it was wanted; begin() is later when that had passed.
    [[nodiscard]] JackFrame planned() const noexcept { return planned_; }

    [[nodiscard]] const FrameRing& ring() const noexcept { return ring_; }
    [[nodiscard]] JackFrame begin() const noexcept { return ring_.begin(); }

    bool lost{false};  ///< worker thread: so far behind that another one replaces it
    std::atomic<std::int64_t> end{
        endless};                       ///< frame of silence; written by the worker (release), read by audio (acquire)
    std::atomic<std::uint64_t> serial;  ///< of the newest plan taken in; written by the worker (release), read by audio
    std::atomic<bool> cancelled{false};  ///< not to be begun; written by the worker (release), read by audio (acquire)

private:
    struct Motion {
        JackFrame from;
        Trajectory motion;
        double relabel;  ///< added to this take's own source positions to get those of the motion (unfolded otherwise)
        std::uint64_t serial;
    };

    [[nodiscard]] const Motion& motion_at(double frame) const noexcept;
    [[nodiscard]] double target_at(double frame) const noexcept;
    [[nodiscard]] double source_of(double fed) const noexcept { return first_position_ + fed * step_; }
    void choose_ratio();
    void feed_step();
    void feed(std::size_t frames);
    void take_output();

    StretchMethod method_;
    JackFrame planned_;
    std::shared_ptr<StretchSource> source_;
    double step_;  ///< file frames per engine frame
    std::vector<Motion> motions_;
    std::unique_ptr<StretchEngine> engine_;
    FrameRing ring_;
    std::int64_t origin_;    ///< JACK frame of the engine's output frame 0
    double first_position_;  ///< source position of the engine's input frame 0
    std::int64_t fed_{0}, made_{0};
    std::int64_t last_step_{0};
    double error_{0.0};
    std::vector<float> left_, right_;
};

}  // namespace crowdjack
