// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/conductor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr double reanchor_after_s = 3600.0;
constexpr double same_ramp_bpm = 2.0;
constexpr double ignored_said_apart_s = 60.0;
/// A ramp with less than this left is not steered to a new end: it would be a jump.
constexpr double least_left_s = 0.5;
/// A step that falls into a bend takes this long, so that the bend keeps its area.
constexpr double step_in_bend_s = 0.010;

/// An outside tempo is followed this quickly, and left alone while it is as near as its measurement is fine.
constexpr double outside_ramp_s = 0.25;
constexpr double outside_slack_bpm = 0.03;
constexpr double outside_slack_beats = 0.005;
constexpr double slowest_outside_bpm = 20.0;
constexpr double fastest_outside_bpm = 400.0;

constexpr std::array<std::pair<FollowerMode, std::string_view>, 5> mode_names{{{FollowerMode::follow, "follow"},
                                                                               {FollowerMode::hold, "hold"},
                                                                               {FollowerMode::manual, "manual"},
                                                                               {FollowerMode::stale, "stale"},
                                                                               {FollowerMode::clock, "clock"}}};

}  // namespace

std::string_view name_of(FollowerMode mode) noexcept { return mode_names[static_cast<std::size_t>(mode)].second; }

std::optional<FollowerMode> mode_named(std::string_view name) noexcept {
    for (const auto& [mode, text] : mode_names) {
        if (text == name) {
            return mode;
        }
    }
    return {};
}

Conductor::Conductor(const ConductorSettings& settings, double rate)
    : settings_{settings},
      table_{settings.table},
      rate_{rate},
      lead_{to_frames(Seconds{0.1}, rate)},
      zones_{settings.zones, settings.stale_after_s},
      target_{settings.base} {}

double Conductor::seconds_at(JackFrame frame) const noexcept {
    return epoch_s_ + to_seconds(frame - epoch_, rate_).value;
}

void Conductor::start_clock(JackFrame now, double rate) {
    epoch_s_ = seconds_at(latest_);
    epoch_ = latest_ = now;
    rate_ = rate;
    last_announced_at_.reset();
    last_from_.reset();
    if (!running()) {
        last_report_s_ = epoch_s_;
    }
}

void Conductor::begin(JackFrame now, double rate) {
    double left_s = 0.0;
    if (running()) {
        carried_beat_ = announced_.tempo().beat_at(static_cast<double>(latest_.value));
        carried_bpm_ = Bpm{bpm_at(latest_).value - bend_.at(latest_)};
        left_s = std::max(0.0, to_seconds(ramp_.to - latest_, rate_).value);
    }
    const Bpm bpm = carried_bpm_.value_or(settings_.base);
    // What was asked for meanwhile begins with the next tick; until then the tempo stays.
    const Bpm towards = intent_ ? bpm : target_;
    if (intent_) {
        left_s = 0.0;
    } else if (!running() && bpm != target_) {
        left_s = target_ > bpm ? settings_.up_s : settings_.down_s;
    }
    start_clock(now, rate);
    const JackFrame from = now + lead_;
    ramp_ = {from, from + to_frames(Seconds{left_s}, rate), bpm, towards};
    bend_ = {};
    announced_.clear();
    announced_.announce(lines_of(from, carried_beat_, bpm, ramp_, bend_, rate_));
    last_from_ = from;
    tell(Decision::Kind::line);
}

void Conductor::continue_with(const std::vector<AnnouncedLine>& lines, JackFrame now, double rate) {
    start_clock(now, rate);
    announced_.adopt(lines);
    const auto& last = announced_.lines().back().line;
    ramp_ = {last.from(), last.to(), last.from_bpm(), last.to_bpm()};
    bend_ = {};
    target_ = last.to_bpm();
    last_from_ = last.from();
    announced_.forget_before(now);
}

void Conductor::restore(const ConductorState& state) {
    const bool by_person = state.mode == FollowerMode::hold || state.mode == FollowerMode::manual;
    mode_ = by_person ? state.mode : outside_leads_ ? FollowerMode::clock : FollowerMode::follow;
    target_ = state.target;
    carried_bpm_ = state.bpm;
    carried_beat_ = state.beat;
    jumped_without_crowd_ = state.stays;
    intent_.reset();
    announced_.clear();  // what ran, if anything did, was another project's
    if (static_cast<std::int32_t>(static_cast<std::uint32_t>(state.serial) -
                                  static_cast<std::uint32_t>(announced_.serial())) > 0) {
        announced_.continue_serials_after(
            state.serial);  // never back: whoever heard a later one would not hear us any more
    }
}

Beats Conductor::beat_at(JackFrame frame) const noexcept {
    return announced_.tempo().beat_at(static_cast<double>(frame.value));
}

ConductorState Conductor::state(JackFrame now) const {
    if (!running()) {
        return {mode_,
                carried_bpm_.value_or(settings_.base),
                target_,
                carried_beat_,
                now,
                {},
                announced_.serial(),
                jumped_without_crowd_};
    }
    return {
        mode_, bpm_at(now), target_, beat_at(now), now, announced_.lines(), announced_.serial(), jumped_without_crowd_};
}

void Conductor::tell(Decision::Kind kind) const {
    if (told_) {
        told_({kind, movement_, target_, announced_.serial(), 0});
    }
}

void Conductor::report(JackFrame now, double movement, std::string_view zone) {
    latest_ = now;
    const double seconds = seconds_at(now);
    zones_.report(zone, movement, seconds);
    movement_ = zones_.movement(seconds).value_or(movement);
    last_report_s_ = seconds;
    crowd_heard_ = true;
    jumped_without_crowd_ = false;
    if (std::exchange(stale_said_, false)) {
        tell(Decision::Kind::heard_again);
    }
    if (mode_ == FollowerMode::stale) {
        mode_ = FollowerMode::follow;
        step_.reset();
    }
    if (mode_ == FollowerMode::follow) {
        ignored_said_s_.reset();
        follow_movement(now, false);
    } else {
        ignore_report(seconds);
    }
}

void Conductor::ignore_report(double now_s) {
    ++ignored_;
    if (ignored_said_s_ && now_s - *ignored_said_s_ < ignored_said_apart_s) {
        return;
    }
    ignored_said_s_ = now_s;
    if (told_) {
        told_({Decision::Kind::ignored, movement_, target_, announced_.serial(),
               ignored_ - std::exchange(ignored_said_, ignored_)});
    }
}

void Conductor::follow_movement(JackFrame now, bool anyway) {
    step_ = table_.step_of(movement_, step_);
    const Bpm wanted = table_.target(*step_);
    if (anyway || wanted != target_) {
        want(now, {wanted, {}});
        tell(Decision::Kind::target);
    }
}

void Conductor::check_stale(JackFrame now) {
    if (mode_ != FollowerMode::follow || jumped_without_crowd_ ||
        seconds_at(now) - last_report_s_ < settings_.stale_after_s) {
        return;
    }
    mode_ = FollowerMode::stale;
    stale_said_ = true;
    crowd_heard_ = false;
    step_.reset();
    zones_.clear();
    want(now, {settings_.base, {}});
    tell(Decision::Kind::stale);
}

void Conductor::set(JackFrame now, Bpm bpm, double seconds) {
    mode_ = FollowerMode::manual;
    want(now, {bpm, seconds});
    tell(Decision::Kind::target);
}

void Conductor::jump(JackFrame now, Bpm bpm) {
    jumped_without_crowd_ = !crowd_heard_;
    // The step that the crowd stood on led to another tempo; from here it is entered anew.
    step_.reset();
    want(now, {bpm, 0.0});
    tell(Decision::Kind::target);
}

void Conductor::let_outside_lead() noexcept {
    outside_leads_ = true;
    mode_ = FollowerMode::clock;
}

void Conductor::hear_outside(JackFrame now, const OutsideTempo& heard) {
    latest_ = now;
    const bool believable = heard.bpm >= slowest_outside_bpm && heard.bpm <= fastest_outside_bpm;
    // What was decided last must have been announced, or it would be decided again.
    if (mode_ != FollowerMode::clock || !running() || !believable || change_ || owed_ != Beats{}) {
        return;
    }
    if (std::abs(heard.bpm - target_.value) > outside_slack_bpm) {
        want(now, {Bpm{heard.bpm}, outside_ramp_s});
        tell(Decision::Kind::target);
        return;
    }
    // Where every ramp and bend that is under way is over.
    const JackFrame settled = std::max(now + lead_, announced_.lines().back().line.to());
    const double theirs = heard.beat + heard.bpm / 60.0 * to_seconds(settled - heard.frame, rate_).value;
    const double error = std::remainder(theirs - beat_at(settled).value, heard.quantum);
    if (std::abs(error) > outside_slack_beats) {
        nudge(now, Beats{error});
    }
}

void Conductor::hold(JackFrame now, bool on) {
    if (on) {
        mode_ = FollowerMode::hold;
        // A step that was asked for a moment ago is held, too, though it has not been announced yet.
        const bool step_waits = intent_ && intent_->seconds == 0.0;
        want(now, step_waits ? *intent_ : Intent{target_, 0.0, true});
        return;
    }
    if (mode_ != FollowerMode::hold && mode_ != FollowerMode::manual) {
        return;
    }
    if (outside_leads_) {
        mode_ = FollowerMode::clock;
        return;
    }
    mode_ = FollowerMode::follow;
    step_.reset();
    if (const auto fresh = zones_.fresh_movement(seconds_at(now))) {
        movement_ = *fresh;
        follow_movement(now, true);
    }
}

std::optional<Bpm> Conductor::tap(JackFrame now, double when_s) {
    const auto bpm = taps_.tap(when_s);
    if (bpm) {
        set(now, *bpm, tap_ramp_s);
    }
    return bpm;
}

void Conductor::nudge(JackFrame now, Beats shift) {
    owed_ = owed_ + shift;
    change_ = change_ || !bend_.active_at(now + lead_);
    announce_if_due(now);
}

void Conductor::tick(JackFrame now) {
    latest_ = now;
    if (!running()) {
        return;
    }
    check_stale(now);
    const bool old = to_seconds(now - announced_.lines().back().line.from(), rate_).value >= reanchor_after_s;
    change_ = change_ || old || (owed_ != Beats{} && !bend_.active_at(now + lead_));
    announce_if_due(now);
    announced_.forget_before(now);
}

void Conductor::want(JackFrame now, Intent intent) {
    latest_ = now;
    target_ = intent.target;
    intent_ = intent;
    change_ = true;
    announce_if_due(now);
}

void Conductor::announce_if_due(JackFrame now) {
    if (!change_ || !running() ||
        (last_announced_at_ && to_seconds(now - *last_announced_at_, rate_).value < announce_apart_s)) {
        return;
    }
    JackFrame from = now + lead_;
    if (last_from_ && from <= *last_from_) {
        from = *last_from_ + Frames{1};
    }
    const Bpm bpm = bpm_at(from);
    const Beats beat = beat_at(from);
    const Bpm meant{bpm.value - bend_.at(from)};
    if (owed_ != Beats{} && !bend_.active_at(from)) {
        bend_ = TempoBend::shifting(std::exchange(owed_, {}), from, meant, rate_);
    }
    if (intent_) {
        take_up(*std::exchange(intent_, {}), from, meant);
    }
    announced_.announce(lines_of(from, beat, bpm, ramp_, bend_, rate_));
    change_ = false;
    last_announced_at_ = now;
    last_from_ = from;
    tell(Decision::Kind::line);
}

void Conductor::take_up(const Intent& intent, JackFrame from, Bpm meant) {
    if (intent.freeze) {
        target_ = meant;
        ramp_ = {from, from, meant, meant};
        return;
    }
    target_ = intent.target;
    ramp_ = {from, ramp_end(intent, from, meant), meant, intent.target};
}

JackFrame Conductor::ramp_end(const Intent& intent, JackFrame from, Bpm meant) const noexcept {
    if (intent.seconds) {
        const bool step_in_bend = bend_.active_at(from) && *intent.seconds < step_in_bend_s;
        return from + to_frames(Seconds{step_in_bend ? step_in_bend_s : *intent.seconds}, rate_);
    }
    if (intent.target == meant) {
        return from;
    }
    const bool up = intent.target > meant;
    const bool same_way = ramp_.running_at(from) && (ramp_.to_bpm > ramp_.from_bpm) == up;
    const bool nearly_there = std::abs(intent.target.value - ramp_.to_bpm.value) < same_ramp_bpm;
    if (same_way && nearly_there && to_seconds(ramp_.to - from, rate_).value >= least_left_s) {
        return ramp_.to;
    }
    return from + to_frames(Seconds{up ? settings_.up_s : settings_.down_s}, rate_);
}

}  // namespace crowdjack
