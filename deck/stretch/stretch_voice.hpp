// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/quantities.hpp"
#include "common/realtime.hpp"
#include "deck/render/trajectory.hpp"
#include "deck/stretch/stretch_method.hpp"
#include "deck/stretch/stretch_source.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace crowdjack {

class StretchWorker;

/// What a voice is to play from a frame on. Each change of motion is a new plan; the voice finds out by itself whether
/// it goes on (a tempo line, a rate, a loop ahead of the playhead) or jumps (a seek, a nudge, another track or method).
struct StretchPlan {
    StretchMethod method{StretchMethod::rubberband};  ///< not `rate`
    std::shared_ptr<StretchSource> source;
    Trajectory motion;        ///< in force for frames >= from; the plan before it holds until then
    JackFrame from;           ///< in the past: as soon as it can be had, in phase
    std::uint64_t serial{0};  ///< the caller's number for it, told back by StretchVoice::heard()
};

/// What the latest read() gave.
struct StretchHeard {
    std::uint32_t frames{};  ///< that were sound of some plan, not silence; the whole cycle when all is well
    std::uint64_t serial{};  ///< of the newest plan that the sound follows; 0 in silence and during a crossfade
};

/// How near the reserve of finished output may come to empty; deeper when the machine is short of breath.
enum class ReserveMode { relaxed, normal, urgent, emergency };

[[nodiscard]] std::string_view reserve_name(ReserveMode mode) noexcept;

struct StretchHealth {
    bool playing{};
    ReserveMode mode{ReserveMode::normal};
    std::uint32_t reserve_frames{};  ///< finished output not yet played
    std::uint32_t target_frames{};   ///< depth below which the worker produces, by mode and measured cost
    std::uint64_t underruns{};       ///< times the output ran dry, since construction
    std::uint64_t missing_frames{};  ///< frames of silence in their place
    std::uint64_t restarts{};        ///< times the engine had to start again to be back in phase
    std::uint64_t late_frames{};     ///< frames between a plan's `from` and when it could first be heard
    double cost{};                   ///< seconds of worker CPU per second of sound, lately
    bool realtime{};                 ///< the worker runs at a real-time priority
};

/// One deck's keep-pitch engine: a worker stretches ahead into a reserve that the audio thread reads by JACK frame.
///
/// Output is held to the plan's motion: sample `f` of the output is the source at `motion.source_at(f)`, as far as the
/// engine can (R3 ±1 ms at 0.9–1.1, R2 and WSOLA a few ms around it, nothing accumulates). A jump or a switch of method
/// crossfades (10 ms) from the old engine into a new one that was primed in phase.
///
/// In a freewheeling server read() waits for the worker, and the samples are the same every time: what is decided
/// depends on frames only, never on when the worker ran.
class StretchVoice {
public:
    struct Settings {
        double server_rate{48000.0};  ///< Hz
        std::uint32_t period{256};    ///< frames; longer cycles are noticed and followed
        int realtime_priority{0};     ///< SCHED_FIFO priority of the worker, below the audio thread's; 0: none
    };

    /// Lead that a tempo line must have on its f0 to be met exactly, at most: reserve plus the engine's own look-ahead.
    static constexpr Seconds greatest_lead{0.2};

    /// Control thread. Starts the worker. @throws Failure when no thread can be had
    explicit StretchVoice(const Settings& settings);
    /// Waits for the worker, and so for a read() of the source that blocks.
    ~StretchVoice();
    StretchVoice(const StretchVoice&) = delete;
    StretchVoice& operator=(const StretchVoice&) = delete;

    /// Control thread: from `plan.from` on, play this. A later word replaces earlier ones for the frames they share.
    void play(const StretchPlan& plan);

    /// Control thread: nothing is needed for frames >= `at` (after the deck's own fade).
    void stop(JackFrame at);

    /// Audio thread, once every cycle whether playing or not: the samples of the frames `frame … frame + size - 1`, to
    /// the sample, however many cycles were missed before. Silence where nothing is planned, and where it is not ready.
    /// @param left,right  same length, 0…8192 frames
    /// @param freewheeling  wait for the worker until all is there
    /// @returns frames that were planned and playing but had to be silent (0 when all is well)
    CROWDJACK_REALTIME std::uint32_t read(JackFrame frame, std::span<float> left, std::span<float> right,
                                          bool freewheeling) noexcept;

    /// Audio thread: about the latest read(). A plan is wholly heard once its serial (or a later one) is told with all
    /// frames of the cycle; until then the plan before it is, or silence, and a read head may stand in.
    [[nodiscard]] CROWDJACK_REALTIME StretchHeard heard() const noexcept;

    /// Audio thread: it holds no source and nothing is ordered. Who stops reading before lets it keep the last track.
    [[nodiscard]] CROWDJACK_REALTIME bool at_rest() const noexcept;

    /// Control thread.
    [[nodiscard]] StretchHealth health() const;

private:
    std::unique_ptr<StretchWorker> worker_;
};

}  // namespace crowdjack
