// SPDX-License-Identifier: GPL-3.0-or-later
// What each command does to a deck, at the first frame of the cycle that takes it.
#include "deck/engine/deck_engine.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr double audible_shift = 0.01;  // source frames; smaller corrections need no crossfade

}  // namespace

void DeckEngine::take_commands() noexcept {
    DeckCommand command;
    while (reports.room() > unasked_reports && commands.pop(command)) {
        ahead_.forget(mix_, now_);
        ++commands_taken_;
        ticket_ = command.ticket;
        finish_ = Done{ticket_, now_};
        std::visit([this](const auto& what) { apply(what); }, command.what);
        if (ticket_ != 0) {
            std::visit([this](const auto& finish) { report(finish); }, finish_);
        }
    }
}

void DeckEngine::apply(const CueTrack& command) noexcept {
    failed_ = false;
    pending_start_.reset();  // it was for what was cued before
    if (running_ && mix_.track.sounds()) {
        armed_ = Armed{command.stream, command.source, command.track_bpm, command.first_beat_s, std::nullopt};
        tell_motion();
        return;
    }
    armed_.reset();
    cue_source_ = command.source;
    rest_source_.reset();
    at_end_ = false;
    if (running_) {  // stems alone are playing: they go on as they are until the start
        armed_ = Armed{command.stream, command.source, command.track_bpm, command.first_beat_s, std::nullopt};
        return;
    }
    first_beat_s_ = command.first_beat_s;
    mix_.track = DeckVoice{};
    mix_.track.stream = command.stream;
    mix_.track.state = DeckVoice::State::ready;
    mix_.motion.file_rate = command.stream->format().rate;
    mix_.motion.loop.reset();
    mix_.motion.track_bpm = command.track_bpm.value_or(mix_.motion.track_bpm);
    tell_motion();
}

bool DeckEngine::can_start() const noexcept { return armed_ || mix_.track.stream != nullptr || mix_.has_stems(); }

void DeckEngine::schedule(const PendingStart& start) noexcept {
    pending_start_ = start;
    tell_motion();
    done(start_frame().value_or(now_));
}

void DeckEngine::apply(const StartAt& command) noexcept {
    if (!can_start()) {
        refuse(Refused::Why::nothing_cued);
        return;
    }
    PendingStart start;
    start.frame = command.frame.value_or(now_);
    start.source = command.source.value_or(place_of_start());
    start.on_beat = command.on_beat;
    start.resumes = !armed_ && !running_ && rest_source_ && !command.source;
    schedule(start);
}

void DeckEngine::apply(const StartOnBeat& command) noexcept {
    if (!can_start()) {
        refuse(Refused::Why::nothing_cued);
        return;
    }
    if (mix_.motion.tempo.empty()) {
        refuse(Refused::Why::no_line);
        return;
    }
    PendingStart start;
    start.quantum = command.quantum;
    start.source = place_of_start();
    start.on_beat = command.on_beat;
    start.resumes = !armed_ && !running_ && rest_source_;
    pending_start_ = start;
    aim_at_beat(true);
    schedule(*pending_start_);
}

double DeckEngine::place_of_start() const noexcept {
    return armed_ ? armed_->source : running_ ? cue_source_ : rest_source_.value_or(cue_source_);
}

/// A start on a beat is for the next multiple of its quantum. A line that begins anew may have left it behind, or far
/// ahead: then it is for the next one again.
void DeckEngine::aim_at_beat(bool always) noexcept {
    if (!pending_start_ || pending_start_->frame || mix_.motion.tempo.empty()) {
        return;
    }
    PendingStart& start = *pending_start_;
    const Beats now = mix_.motion.tempo.beat_at(static_cast<double>(now_.value));
    if (always || start.beat < now || start.beat.value > now.value + start.quantum) {
        start.beat = Beats{std::ceil(now.value / start.quantum - 1e-9) * start.quantum};
    }
}

void DeckEngine::apply(const StopAt& command) noexcept {
    const JackFrame due = command.frame.value_or(now_);
    const auto start = start_frame();
    if (due <= now_ || (start && due <= *start)) {
        pending_start_.reset();
        tell_motion();
    }
    if (running_ || pending_start_) {
        pending_stop_ = due;
    }
    done(due);
}

void DeckEngine::apply(const Eject& /*command*/) noexcept {
    leave_ghost();
    mix_.each_voice([](DeckVoice& voice) {
        if (voice.stream != nullptr) {
            voice.stream->windows().publish_idle();
        }
        voice = DeckVoice{};
    });
    mix_.used_slots = 0;
    mix_.motion.loop.reset();
    mix_.motion.file_rate = server_rate_;
    first_beat_s_.reset();
    running_ = false;
    at_end_ = false;
    failed_ = false;
    awaiting_line_ = false;
    armed_.reset();
    rest_source_.reset();
    cue_source_ = 0.0;
    pending_start_.reset();
    pending_stop_.reset();
    pending_stems_.fill(std::nullopt);
    stretch_.level().go(0.0F, fade_frames_);
    tell_motion();
}

void DeckEngine::apply(const SeekTo& command) noexcept {
    if (running_ && !awaiting_line_) {
        jump(command.source);
    } else if (awaiting_line_) {
        mix_.motion.anchor_source = command.source;
    } else if (pending_start_) {
        pending_start_->source = command.source;
    } else {
        rest_source_ = command.source;
        at_end_ = false;
    }
    tell_motion();
}

void DeckEngine::apply(const NudgeBy& command) noexcept {
    const double by = command.seconds * mix_.motion.file_rate;
    if (running_ && !awaiting_line_) {
        const double here = mix_.motion.fold(mix_.motion.source_at(static_cast<double>(now_.value)));
        jump(std::max(0.0, here + by));
    } else if (awaiting_line_) {
        mix_.motion.anchor_source = std::max(0.0, mix_.motion.anchor_source + by);
    } else if (pending_start_) {
        pending_start_->source = std::max(0.0, pending_start_->source + by);
    } else {
        rest_source_ = std::max(0.0, resting_source() + by);
    }
    tell_motion();
}

void DeckEngine::apply(const SetLoop& command) noexcept {
    if (armed_) {
        armed_->loop = command.loop;
        return;
    }
    if (running_) {
        mix_.settle_at(now_);
    }
    mix_.motion.loop = command.loop;
    tell_motion();
}

void DeckEngine::apply(const SetGain& command) noexcept {
    gain_.go(command.gain, to_frames(Seconds{command.ramp_s}, server_rate_).value, command.smooth);
}

void DeckEngine::apply(const SetRate& command) noexcept {
    mix_.settle_at(now_);
    mix_.motion.rate = command.rate;
    tell_motion();
}

void DeckEngine::apply(const SetTrackBpm& command) noexcept {
    if (armed_) {
        armed_->track_bpm = command.bpm;
        return;
    }
    mix_.settle_at(now_);
    mix_.motion.track_bpm = command.bpm;
    tell_motion();
}

void DeckEngine::apply(const SetGrid& command) noexcept {
    if (armed_) {
        armed_->first_beat_s = command.first_beat_s;
    } else {
        first_beat_s_ = command.first_beat_s;
    }
    apply(SetTrackBpm{command.bpm});
}

void DeckEngine::apply(const SetFollow& command) noexcept {
    mix_.settle_at(now_);
    mix_.motion.follow = command.follow;
    tell_motion();
}

void DeckEngine::join_line(const TempoLine& line) noexcept {
    mix_.motion.tempo.add(line);
    if (std::exchange(awaiting_line_, false)) {
        mix_.level.jump(0.0F);
        mix_.level.go(1.0F, fade_frames_);
    }
    aim_at_beat(false);
}

void DeckEngine::apply(const TakeLine& command) noexcept {
    if (awaiting_line_ || (!running_ && mix_.motion.tempo.empty())) {
        join_line(command.line);
    } else {
        const auto here = static_cast<double>(now_.value);
        const double before = mix_.motion.source_at(here);
        Trajectory changed = mix_.motion;
        changed.add_line(command.line, now_, command.renumber);
        if (running_ && std::abs(changed.source_at(here) - before) > audible_shift) {
            if (!command.renumber && command.line.from() < now_) {
                late_lines_.store(late_lines_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
                report(LateLine{command.line.from(), now_ - command.line.from()});
            }
            leave_ghost();
            mix_.level.jump(0.0F);
            mix_.level.go(1.0F, fade_frames_);
        }
        mix_.motion = changed;
    }
    if (command.renumber) {
        aim_at_beat(true);
    }
    tell_motion();
}

void DeckEngine::apply(const UseStretch& command) noexcept {
    if (command.voice != nullptr) {
        if (stretch_.voice() != command.voice) {
            stretch_.use(command.voice);
        }
        keep_pitch_ = true;
    } else if (keep_pitch_) {
        keep_pitch_ = false;
        stretch_.level().go(0.0F, 2 * fade_frames_);
        mix_.level.go(1.0F, 2 * fade_frames_);
    }
    tell_motion();
}

void DeckEngine::apply(const StretchPlanned& command) noexcept { stretch_.planned(command.motion); }

void DeckEngine::apply(const Resume& command) noexcept {
    const TempoMap lines = mix_.motion.tempo;
    mix_.track = DeckVoice{};
    mix_.track.stream = command.stream;
    if (command.stream != nullptr) {
        mix_.track.state = command.playing ? DeckVoice::State::playing : DeckVoice::State::ready;
    }
    mix_.motion = command.motion;
    mix_.motion.server_rate = server_rate_;
    cue_source_ = command.cue_source;
    first_beat_s_ = command.first_beat_s;
    armed_.reset();
    failed_ = false;
    at_end_ = command.ended;
    running_ = command.playing;
    awaiting_line_ = command.playing && command.await_line && lines.empty();
    awaited_frames_ = 0;
    mix_.motion.tempo = lines;  // what was heard since is newer than what was saved
    if (running_ && !awaiting_line_ && !command.frames_hold && !(command.await_line && !lines.empty())) {
        mix_.motion.anchor(now_, command.motion.anchor_source);  // nothing says when it was there: on from there
    }
    rest_source_.reset();
    if (!command.playing && !command.ended && command.motion.anchor_source != command.cue_source) {
        rest_source_ = command.motion.anchor_source;
    }
    mix_.level.jump(0.0F);
    mix_.level.go(1.0F, fade_frames_);
    tell_motion();
}

void DeckEngine::apply(const FadeAway& /*command*/) noexcept {
    pending_start_.reset();
    gain_.go(0.0F, 2 * fade_frames_);
}

void DeckEngine::apply(const Retire& command) noexcept {
    if (retired_count_ < most_retired) {
        retired_[retired_count_++] = command.stream;
    }
}

}  // namespace crowdjack
