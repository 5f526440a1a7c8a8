// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "bpm-follower/announced_lines.hpp"
#include "bpm-follower/movement_zones.hpp"
#include "bpm-follower/outside_tempo.hpp"
#include "bpm-follower/tap_tempo.hpp"
#include "bpm-follower/tempo_plan.hpp"
#include "bpm-follower/tempo_table.hpp"
#include "common/quantities.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace crowdjack {

/// follow: the crowd leads. hold: the tempo stays where it was held. manual: a person set it. stale: nothing was heard
/// of the crowd for too long, so the tempo goes back to its base. clock: somebody outside leads.
enum class FollowerMode { follow, hold, manual, stale, clock };

[[nodiscard]] std::string_view name_of(FollowerMode mode) noexcept;
[[nodiscard]] std::optional<FollowerMode> mode_named(std::string_view name) noexcept;

struct ConductorSettings {
    TableSettings table;
    Bpm base{120.0};
    double stale_after_s{60.0};
    double up_s{30.0}, down_s{30.0};
    ZoneSettings zones;
};

/// Something the conductor decided, for log and trace.
struct Decision {
    enum class Kind { target, stale, heard_again, line, ignored };
    Kind kind{};
    double movement{};  ///< what the zones' medians made together when it was made
    Bpm target{};
    std::int32_t serial{};    ///< line only
    std::uint64_t reports{};  ///< ignored only: how many reports moved nothing since it was last said
};

/// What a restart needs, in the frames of the server it was saved on.
struct ConductorState {
    FollowerMode mode{FollowerMode::follow};
    Bpm bpm{120.0}, target{120.0};
    Beats beat{};  ///< at `frame`
    JackFrame frame{};
    std::vector<AnnouncedLine> lines;  ///< in force and to come
    std::int32_t serial{};
    bool stays{false};  ///< jumped to while no crowd was heard: stays until the next report
};

/// Turns movement and commands into one continuous tempo line. Pure: time comes in as the frame that is now.
///
/// Every change begins at a frame `lead` ahead of now, with the beat and the tempo that the lines before it have there,
/// so neither ever jumps (but for a step that a person asked for, in tempo only). At most one change is announced each
/// 20 ms; what is asked for in between is made up for at the next tick(). Control thread only.
class Conductor {
public:
    static constexpr double tap_ramp_s = 1.0;  ///< from one tapped tempo to the next

    Conductor(const ConductorSettings& settings, double rate);

    /// How far ahead of now a new line begins.
    void set_lead(Frames lead) noexcept { lead_ = lead; }
    [[nodiscard]] Frames lead() const noexcept { return lead_; }
    /// Called with each decision, as it is made.
    void on_decision(std::function<void(const Decision&)> told) { told_ = std::move(told); }

    /// Begins the line on a server whose frame is `now`: at the beat and the tempo there was, if any.
    /// Frames of an earlier server are void from here on.
    void begin(JackFrame now, double rate);
    /// Goes on with lines found elsewhere; their frames are this server's. Precondition: not empty.
    void continue_with(const std::vector<AnnouncedLine>& lines, JackFrame now, double rate);
    /// Takes up mode, tempo, beat and serial of an earlier life; before begin() or continue_with().
    void restore(const ConductorState& state);

    /// A report of total movement as a fraction. While a person leads, it moves nothing; that is said once a minute.
    void report(JackFrame now, double movement, std::string_view zone = main_zone);
    /// Forgets the reports so far: they were read in another unit. The movement stays until the next one.
    void forget_reports() noexcept { zones_.clear(); }
    /// Sets the tempo by hand: a ramp of `seconds` (0: a step). The crowd leads no more.
    void set(JackFrame now, Bpm bpm, double seconds);
    /// Steps to a tempo and leaves the lead where it is: with the next report the crowd moves on from there, as
    /// crowdstream's /set_tempo does. While no crowd is heard at all, the tempo stays there.
    void jump(JackFrame now, Bpm bpm);
    /// From now on somebody outside leads instead of the crowd, unless a person does.
    void let_outside_lead() noexcept;
    /// Steers the line to where the outside is, in tempo and in beat; to be told some ten times a second. Without news
    /// the tempo stays.
    void hear_outside(JackFrame now, const OutsideTempo& heard);
    /// Holds the tempo where it is, or gives the lead back to the crowd.
    void hold(JackFrame now, bool on);
    /// @param when_s  when the finger fell, s @returns the tempo it set, if it did
    std::optional<Bpm> tap(JackFrame now, double when_s);
    /// Shifts the phase by `shift` (ahead when positive) through a passing bend of the tempo.
    void nudge(JackFrame now, Beats shift);
    /// To be called several times a second, and once more when something waits().
    void tick(JackFrame now);
    /// What was asked for came too soon after the last change: the first tick() after announce_apart_s announces it.
    [[nodiscard]] bool waits() const noexcept { return change_ && running(); }
    static constexpr double announce_apart_s = 0.020;
    /// The server's clock ends at `last`: begin() goes on from there. Precondition: running().
    void end(JackFrame last) noexcept { latest_ = last; }

    [[nodiscard]] FollowerMode mode() const noexcept { return mode_; }
    [[nodiscard]] Bpm target() const noexcept { return target_; }
    /// The movement in use; 0 before the first report.
    [[nodiscard]] double movement() const noexcept { return movement_; }
    /// The zones that count at `now`.
    [[nodiscard]] std::vector<MovementZones::Level> zones(JackFrame now) const {
        return zones_.levels(seconds_at(now));
    }
    /// Reports that moved nothing because a person leads, in this life.
    [[nodiscard]] std::uint64_t ignored_reports() const noexcept { return ignored_; }
    [[nodiscard]] Bpm bpm_at(JackFrame frame) const noexcept { return announced_.tempo().bpm_at(frame); }
    [[nodiscard]] Beats beat_at(JackFrame frame) const noexcept;
    [[nodiscard]] const AnnouncedLines& announced() const noexcept { return announced_; }
    [[nodiscard]] bool running() const noexcept { return !announced_.empty(); }
    /// The latest frame it was told of: while there is no server, its now.
    [[nodiscard]] JackFrame latest() const noexcept { return latest_; }
    [[nodiscard]] ConductorState state(JackFrame now) const;
    /// Seconds of this conductor's life at `frame`; goes on evenly from one server to the next.
    [[nodiscard]] double seconds_at(JackFrame frame) const noexcept;

private:
    /// Where the tempo is to go. Without a length it takes as long as the settings say for its direction.
    struct Intent {
        Bpm target;
        std::optional<double> seconds;
        bool freeze{false};  ///< stay wherever the tempo is when it takes effect
    };

    void follow_movement(JackFrame now, bool anyway);
    void check_stale(JackFrame now);
    void ignore_report(double now_s);
    void want(JackFrame now, Intent intent);
    void announce_if_due(JackFrame now);
    void take_up(const Intent& intent, JackFrame from, Bpm meant);
    void start_clock(JackFrame now, double rate);
    [[nodiscard]] JackFrame ramp_end(const Intent& intent, JackFrame from, Bpm meant) const noexcept;
    void tell(Decision::Kind kind) const;

    ConductorSettings settings_;
    TempoTable table_;
    double rate_;
    Frames lead_;
    std::function<void(const Decision&)> told_;

    FollowerMode mode_{FollowerMode::follow};
    MovementZones zones_;
    TapTempo taps_;
    std::optional<std::size_t> step_;
    double movement_{};
    double last_report_s_{};
    bool outside_leads_{false};
    bool stale_said_{false};
    bool crowd_heard_{false};           ///< a report came since the start, and the crowd is not stale
    bool jumped_without_crowd_{false};  ///< what was jumped to stays until the next report
    std::uint64_t ignored_{}, ignored_said_{};
    std::optional<double> ignored_said_s_;

    Bpm target_;
    TempoRamp ramp_;
    TempoBend bend_;
    Beats owed_{};  ///< nudges not yet begun
    std::optional<Intent> intent_;
    bool change_{false};  ///< something waits to be announced
    AnnouncedLines announced_;
    std::optional<JackFrame> last_announced_at_, last_from_;  ///< when, and from which frame on

    JackFrame epoch_{};
    double epoch_s_{};
    JackFrame latest_{};    ///< the latest frame seen on this server
    Beats carried_beat_{};  ///< where begin() goes on
    std::optional<Bpm> carried_bpm_;
};

}  // namespace crowdjack
