// SPDX-License-Identifier: GPL-3.0-or-later
// What is set on a deck: gain, speed, beats, method, and the tempo line it hears.
#include "common/error.hpp"
#include "common/log.hpp"
#include "deck/control/deck.hpp"
#include "deck/control/start_window.hpp"
#include "deck/control/steady_time.hpp"

namespace crowdjack {

namespace {

constexpr double default_ramp_s = 0.01;

}  // namespace

void Deck::gain(double linear, std::optional<double> ramp_s) {
    sender_.send(SetGain{static_cast<float>(linear), ramp_s.value_or(default_ramp_s), !ramp_s});
    settings_.gain = linear;
    shell_.state_changed();
}

void Deck::rate(double ratio) {
    sender_.send(SetRate{ratio});
    settings_.rate = ratio;
    expect_reports();
    shell_.state_changed();
}

void Deck::track_bpm(double bpm) {
    sender_.send(SetTrackBpm{bpm});
    settings_.track_bpm = bpm;
    if (Loaded* const there = loaded(condition_)) {
        (there->next ? *there->next : there->track).bpm = bpm;
    }
    expect_reports();
    shell_.state_changed();
}

void Deck::grid(double bpm, double first_beat_s) {
    Track& track = cued_or_playing();
    sender_.send(SetGrid{bpm, first_beat_s});
    settings_.track_bpm = bpm;
    track.bpm = bpm;
    track.grid = {first_beat_s, "argument"};
    arm_start(track, std::holds_alternative<Resting>(condition_) ? engine_.snapshot().source : track.cue_source);
    expect_reports();
    shell_.state_changed();
}

void Deck::sync(std::optional<bool> on) {
    settings_.sync = on;
    shell_.state_changed();
}

void Deck::autoplay(bool on) {
    settings_.autoplay = on;
    shell_.state_changed();
}

void Deck::follow(bool on) {
    sender_.send(SetFollow{on});
    settings_.follow = on;
    expect_reports();
    shell_.state_changed();
}

void Deck::stretch(const std::string& method) {
    try {
        settings_.stretch = parse_stretch(method);
    } catch (const UsageError& error) {
        throw OscError{OscErrorCode::bad_arguments, error.what()};
    }
    if (shell_.has_jack()) {
        pitch_.use(settings_.stretch);
        expect_reports();
    }
    shell_.state_changed();
}

void Deck::take_line(const std::string& sender, const NumberedLine& line) {
    const LineIntake::Verdict verdict = lines_.hear(sender, line, steady_seconds());
    if (verdict == LineIntake::Verdict::known) {
        return;
    }
    sender_.send(TakeLine{line.line, verdict == LineIntake::Verdict::renumber});
    log_event(LogLevel::debug, "tempo-line",
              {{"serial", line.serial}, {"from", line.line.from().value}, {"bpm", line.line.to_bpm().value}});
    expect_reports();
    shell_.state_moved();
}

}  // namespace crowdjack
