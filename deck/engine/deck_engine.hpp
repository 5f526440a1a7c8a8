// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/realtime.hpp"
#include "deck/engine/deck_messages.hpp"
#include "deck/engine/seqlock.hpp"
#include "deck/engine/stretch_blend.hpp"
#include "deck/render/deck_mix.hpp"
#include "deck/render/render_ahead.hpp"
#include "deck/track/track_windows.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace crowdjack {

/// The part of a deck that lives on the audio thread: takes commands, moves along its trajectory, sounds, reports.
///
/// What sounds at a frame depends on that frame and the commands so far, never on how many cycles ran: after missed
/// cycles it is in phase at once.
class DeckEngine {
    /// What a cycle needs to know of a deck that nothing happens to: it only refills ahead_ and gives it out, until a
    /// command comes or a voice ends.
    struct Calm {
        double seconds_per_step{};  ///< source seconds per second at a speed of one source frame per output frame
        double track_bpm{};
        std::optional<Trajectory::Loop> loop;
    };

    // What every cycle touches, side by side (CROWDJACK_EVERY_CYCLE), as are the ends of the commands' queue, which
    // follow.
    std::optional<Calm> calm_;
    JackFrame now_{};  ///< first frame of the cycle
    std::uint32_t now_frames_{0};
    Ramp gain_{1.0F};
    RenderAhead ahead_;
    Seqlock<DeckSnapshot> snapshot_;

public:
    DeckEngine();

    /// Control thread while no cycle runs. A playing deck keeps its beat: with a line it waits (at most 2 s) for one in
    /// the new frames, else it goes on from where it was.
    void prepare(double server_rate);

    /// Locks all that the audio thread touches into memory, and touches it, so that its first use is no page fault.
    /// Control thread, before any cycle. @returns whether it could be locked
    bool make_resident() noexcept;

    /// Audio thread. Overwrites both channels (same length, 1…8192 frames) with the frames from `frame` on.
    CROWDJACK_EVERY_CYCLE void process(JackFrame frame, std::span<float> left, std::span<float> right,
                                       bool freewheeling) noexcept;

    /// Control thread while no server is there: applies what is queued as if a cycle had begun.
    void process_idle();

    CommandQueue commands;  ///< pushed by control
    ReportQueue reports;    ///< popped by control
    MotionQueue motions;    ///< popped by control

    /// Any thread.
    [[nodiscard]] DeckSnapshot snapshot() const noexcept { return snapshot_.read(); }
    [[nodiscard]] const std::shared_ptr<AudioEpoch>& epoch() const noexcept { return epoch_; }
    [[nodiscard]] std::uint64_t starved_frames() const noexcept { return starved_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t late_starts() const noexcept { return late_starts_.load(std::memory_order_relaxed); }
    /// Tempo lines that came after they had begun to matter: the playhead had to jump into phase.
    [[nodiscard]] std::uint64_t late_lines() const noexcept { return late_lines_.load(std::memory_order_relaxed); }
    /// Control thread, which pushes commands: each was taken by a cycle that has ended or runs.
    [[nodiscard]] bool commands_taken() const noexcept { return commands.room() == CommandQueue::most; }
    /// Nothing sounds and no fade is on its way.
    [[nodiscard]] bool silent() const noexcept { return silent_.load(std::memory_order_acquire); }

private:
    /// A start on its way: at a frame, or on a beat of the line.
    struct PendingStart {
        std::optional<JackFrame> frame;
        double quantum{};
        Beats beat{};
        double source{};
        bool resumes{};  ///< on from where it stopped: faded in
        bool on_beat{};  ///< moved so that its beats fall on the line's
    };
    /// A track cued while another one plays.
    struct Armed {
        TrackStream* stream{};
        double source{};
        std::optional<double> track_bpm;
        std::optional<double> first_beat_s;
        std::optional<Trajectory::Loop> loop;
    };

    CROWDJACK_REALTIME void take_commands() noexcept;
    CROWDJACK_REALTIME void apply(const CueTrack& command) noexcept;
    CROWDJACK_REALTIME void apply(const StartAt& command) noexcept;
    CROWDJACK_REALTIME void apply(const StartOnBeat& command) noexcept;
    CROWDJACK_REALTIME void apply(const StopAt& command) noexcept;
    CROWDJACK_REALTIME void apply(const Eject& command) noexcept;
    CROWDJACK_REALTIME void apply(const SeekTo& command) noexcept;
    CROWDJACK_REALTIME void apply(const NudgeBy& command) noexcept;
    CROWDJACK_REALTIME void apply(const SetLoop& command) noexcept;
    CROWDJACK_REALTIME void apply(const SetGain& command) noexcept;
    CROWDJACK_REALTIME void apply(const SetRate& command) noexcept;
    CROWDJACK_REALTIME void apply(const SetTrackBpm& command) noexcept;
    CROWDJACK_REALTIME void apply(const SetGrid& command) noexcept;
    CROWDJACK_REALTIME void apply(const SetFollow& command) noexcept;
    CROWDJACK_REALTIME void apply(const TakeLine& command) noexcept;
    CROWDJACK_REALTIME void apply(const LoadStem& command) noexcept;
    CROWDJACK_REALTIME void apply(const PlayStem& command) noexcept;
    CROWDJACK_REALTIME void apply(const StopStem& command) noexcept;
    CROWDJACK_REALTIME void apply(const SetStemGain& command) noexcept;
    CROWDJACK_REALTIME void apply(const UseStretch& command) noexcept;
    CROWDJACK_REALTIME void apply(const StretchPlanned& command) noexcept;
    CROWDJACK_REALTIME void apply(const Resume& command) noexcept;
    CROWDJACK_REALTIME void apply(const PlaceStem& command) noexcept;
    CROWDJACK_REALTIME void apply(const FadeAway& command) noexcept;
    CROWDJACK_REALTIME void apply(const Retire& command) noexcept;

    // Moments inside a cycle.
    [[nodiscard]] CROWDJACK_REALTIME std::optional<Calm> calm() const noexcept;
    [[nodiscard]] CROWDJACK_EVERY_CYCLE bool sound_calmly(JackFrame frame, std::span<float> left,
                                                          std::span<float> right) noexcept;
    [[nodiscard]] CROWDJACK_REALTIME bool refill(JackFrame frame, std::size_t size) noexcept;
    CROWDJACK_REALTIME void sound_with_care(JackFrame frame, std::span<float> left, std::span<float> right,
                                            bool freewheeling) noexcept;
    /// Source seconds per second at a speed of one source frame per output frame.
    [[nodiscard]] double seconds_per_step() const noexcept { return server_rate_ / mix_.motion.file_rate; }
    CROWDJACK_REALTIME void sound(JackFrame frame, std::span<float> left, std::span<float> right) noexcept;
    [[nodiscard]] CROWDJACK_REALTIME bool steady() const noexcept;
    CROWDJACK_REALTIME void meet_due(JackFrame frame) noexcept;
    [[nodiscard]] CROWDJACK_REALTIME std::optional<JackFrame> next_due() const noexcept;
    [[nodiscard]] CROWDJACK_REALTIME std::optional<JackFrame> start_frame() const noexcept;
    CROWDJACK_REALTIME void start(JackFrame now) noexcept;
    [[nodiscard]] CROWDJACK_REALTIME DeckMix started_mix(JackFrame due) const noexcept;
    /// Where a start at `due` begins: the place asked for, or the nearest one at which the grid's beats fall on the
    /// line's.
    [[nodiscard]] CROWDJACK_REALTIME double started_source(const Trajectory& motion, JackFrame due) const noexcept;
    CROWDJACK_REALTIME void join_line(const TempoLine& line) noexcept;
    CROWDJACK_REALTIME void aim_at_beat(bool always) noexcept;
    [[nodiscard]] CROWDJACK_REALTIME double place_of_start() const noexcept;
    CROWDJACK_REALTIME void start_stem(const PlayStem& command) noexcept;
    CROWDJACK_REALTIME static void set_up_stem(DeckVoice& stem, const PlayStem& command) noexcept;
    CROWDJACK_REALTIME void leave_stem_ghost(std::size_t slot) noexcept;
    CROWDJACK_REALTIME void stop(JackFrame due) noexcept;
    CROWDJACK_REALTIME void blend_stretch() noexcept;
    CROWDJACK_REALTIME void look_for_ends(JackFrame frame) noexcept;
    CROWDJACK_REALTIME void fall_silent(JackFrame frame) noexcept;
    CROWDJACK_REALTIME void await_line_or_go_on(std::uint32_t frames) noexcept;
    CROWDJACK_REALTIME void await_workers(JackFrame frame, std::uint32_t frames) noexcept;

    // Changes of what plays.
    CROWDJACK_REALTIME void leave_ghost() noexcept;
    CROWDJACK_REALTIME void jump(double source) noexcept;
    /// A track may turn out to be shorter than it seemed: its loops end with it.
    CROWDJACK_REALTIME void keep_loops_in_tracks() noexcept;
    CROWDJACK_REALTIME void tell_motion() noexcept;
    CROWDJACK_REALTIME void say_motion() noexcept;
    CROWDJACK_REALTIME void schedule(const PendingStart& start) noexcept;
    [[nodiscard]] CROWDJACK_REALTIME bool can_start() const noexcept;
    CROWDJACK_REALTIME void report(const DeckReport& what) noexcept;
    CROWDJACK_REALTIME void done(JackFrame at) noexcept { finish_ = Done{ticket_, at}; }
    CROWDJACK_REALTIME void refuse(Refused::Why why) noexcept { finish_ = Refused{why, ticket_}; }
    CROWDJACK_REALTIME void release_retired() noexcept;
    CROWDJACK_REALTIME void publish(JackFrame frame, std::uint32_t frames) noexcept;
    [[nodiscard]] CROWDJACK_REALTIME DeckState state() const noexcept;
    [[nodiscard]] CROWDJACK_REALTIME double resting_source() const noexcept;

    static constexpr std::size_t ghost_count = 4;
    static constexpr std::size_t most_retired = 64;
    /// Reports that a cycle makes without being asked. Commands wait while there is room for fewer: each is answered.
    static constexpr std::size_t unasked_reports = 64;

    DeckMix mix_;
    bool running_{false};  ///< the motion moves and voices may sound
    std::array<DeckMix, ghost_count> ghosts_{};
    std::array<bool, ghost_count> ghost_lives_{};
    std::size_t next_ghost_{0};
    StretchBlend stretch_;

    std::optional<Armed> armed_;  ///< cued while another track plays
    double cue_source_{0.0};
    std::optional<double> first_beat_s_;  ///< of the track's grid, if it has one
    std::optional<double> rest_source_;   ///< where a stopped deck goes on
    bool at_end_{false};                  ///< it played to its end
    bool failed_{false};                  ///< its track was cut off
    std::optional<PendingStart> pending_start_;
    std::optional<JackFrame> pending_stop_;
    std::array<std::optional<PlayStem>, DeckMix::stem_slots> pending_stems_{};

    bool awaiting_line_{false};
    std::int64_t awaited_frames_{0};
    bool rejoin_{false};  ///< first cycle on a new server: go on from rejoin_source_
    double rejoin_source_{0.0};
    bool keep_pitch_{false};
    double server_rate_{48000.0};
    std::int64_t fade_frames_{240};

    std::uint64_t commands_taken_{0};
    Ticket ticket_{0};
    std::variant<Done, Refused> finish_;
    std::uint64_t motion_number_{0};
    bool motion_changed_{false};
    std::uint32_t starved_unsaid_{0};
    std::array<TrackStream*, most_retired> retired_{};
    std::size_t retired_count_{0};

    std::shared_ptr<AudioEpoch> epoch_;
    std::atomic<std::uint64_t> starved_{0};      ///< written by audio, read by anyone (relaxed)
    std::atomic<std::uint64_t> late_starts_{0};  ///< likewise
    std::atomic<std::uint64_t> late_lines_{0};   ///< likewise
    std::atomic<bool> silent_{true};             ///< written by audio (release), read by anyone (acquire)
    std::unique_ptr<RenderScratch> scratch_;
};

}  // namespace crowdjack
