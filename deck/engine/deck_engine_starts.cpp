// SPDX-License-Identifier: GPL-3.0-or-later
// How a deck's track and stems begin, jump and stop on their frames.
#include "deck/engine/deck_engine.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

/// A stem's source frames per motion frame.
double stem_scale(const DeckVoice& stem, const Trajectory& motion) noexcept {
    return stem.stream->format().rate / motion.file_rate * stem.own_rate;
}

}  // namespace

DeckMix DeckEngine::started_mix(JackFrame due) const noexcept {
    DeckMix next = mix_;
    const bool track_sounds = running_ && mix_.track.sounds();
    if (armed_) {
        next.track = DeckVoice{};
        next.track.stream = armed_->stream;
        next.motion.file_rate = armed_->stream->format().rate;
        next.motion.track_bpm = armed_->track_bpm.value_or(mix_.motion.track_bpm);
        next.motion.loop = armed_->loop;
    }
    const double source = started_source(next.motion, due);
    next.motion.anchor(due, source);
    if (pending_start_ && !pending_start_->frame) {
        next.motion.anchor_beat = pending_start_->beat;
    }
    if (next.track.stream != nullptr) {
        next.track.state = DeckVoice::State::playing;
        next.track.gate.jump(1.0F);
        next.track.head.reset();
    }
    const double before = mix_.motion.source_at(static_cast<double>(due.value));
    for (DeckVoice& stem : next.stems) {
        if (stem.stream == nullptr || stem.state == DeckVoice::State::stopped) {
            continue;
        }
        const double own_before = stem.own_position(before);
        const bool goes_on = running_ && stem.sounds() && !track_sounds;
        stem.scale = stem_scale(stem, next.motion);
        if (goes_on) {
            stem.offset = own_before - stem.scale * source;
        } else {
            stem.offset = stem.start_source ? *stem.start_source - stem.scale * source : 0.0;
            stem.start_source.reset();
            stem.state = DeckVoice::State::playing;
            stem.fade.jump(1.0F);
            stem.gate.jump(1.0F);
            stem.head.reset();
        }
    }
    return next;
}

double DeckEngine::started_source(const Trajectory& motion, JackFrame due) const noexcept {
    if (!pending_start_) {
        return resting_source();
    }
    const double source = pending_start_->source;
    const std::optional<double>& first_beat_s = armed_ ? armed_->first_beat_s : first_beat_s_;
    if (!pending_start_->on_beat || !first_beat_s || !motion.on_line()) {
        return source;
    }
    const double beat =
        pending_start_->frame ? motion.tempo.beat_at(static_cast<double>(due.value)).value : pending_start_->beat.value;
    const double frames_per_beat = 60.0 / motion.track_bpm * motion.file_rate;
    const double off = beat - (source - *first_beat_s * motion.file_rate) / frames_per_beat;
    const double moved = source + (off - std::nearbyint(off)) * frames_per_beat;
    return moved < 0.0 ? moved + frames_per_beat : moved;
}

void DeckEngine::start(JackFrame now) noexcept {
    const JackFrame due = *start_frame();
    const bool late = due < now;
    const bool in_place = stretch_.ready(motion_number_) && !motion_changed_;
    const DeckMix next = started_mix(due);
    const bool soft = late || pending_start_->resumes;
    if (running_) {
        leave_ghost();
    }
    if (mix_.track.stream != nullptr && mix_.track.stream != next.track.stream) {
        mix_.track.stream->windows().publish_idle();
    }
    mix_ = next;
    if (in_place) {
        mix_.level.jump(0.0F);
        stretch_.level().go(1.0F, soft ? fade_frames_ : 0);
    } else {
        stretch_.level().go(0.0F, fade_frames_);
        mix_.level.jump(soft ? 0.0F : 1.0F);
        mix_.level.go(1.0F, fade_frames_);
    }
    if (armed_) {
        cue_source_ = armed_->source;
        first_beat_s_ = armed_->first_beat_s;
        armed_.reset();
    }
    pending_start_.reset();
    rest_source_.reset();
    at_end_ = false;
    failed_ = false;
    awaiting_line_ = false;
    running_ = true;
    if (late) {
        late_starts_.store(late_starts_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    report(Started{due, now - due});
    if (!in_place) {
        tell_motion();
    }
}

void DeckEngine::stop(JackFrame due) noexcept {
    pending_stop_.reset();
    if (!running_) {
        return;
    }
    const double here = static_cast<double>(std::max(due, now_).value);
    const double source = awaiting_line_ ? mix_.motion.anchor_source : mix_.motion.fold(mix_.motion.source_at(here));
    leave_ghost();
    stretch_.level().go(0.0F, fade_frames_);
    mix_.settle_at(std::max(due, now_));
    mix_.each_voice([](DeckVoice& voice) {
        if (voice.sounds()) {
            voice.stream->windows().publish_idle();
            voice.state = DeckVoice::State::ready;
        }
    });
    running_ = false;
    awaiting_line_ = false;
    rest_source_ = source;
    report(Stopped{due});
    tell_motion();
}

void DeckEngine::leave_ghost() noexcept {
    if (!running_ || awaiting_line_ || mix_.level.silent()) {
        return;
    }
    ghosts_[next_ghost_] = mix_;
    ghosts_[next_ghost_].leaving.go(0.0F, fade_frames_);
    ghost_lives_[next_ghost_] = true;
    next_ghost_ = (next_ghost_ + 1) % ghost_count;
}

void DeckEngine::jump(double source) noexcept {
    if (stretch_.active()) {
        mix_.jump_to(now_, source);  // the voice crossfades by itself once it is primed there
        return;
    }
    leave_ghost();
    mix_.jump_to(now_, source);
    mix_.each_voice([](DeckVoice& voice) {
        voice.head.reset();
        voice.gate.jump(1.0F);
    });
    mix_.level.jump(0.0F);
    mix_.level.go(1.0F, fade_frames_);
}

void DeckEngine::keep_loops_in_tracks() noexcept {
    constexpr double least = 48.0;  // source frames; the millisecond that the control side asks for, too
    const auto length_of = [](const DeckVoice& voice) { return static_cast<double>(voice.stream->windows().length()); };
    if (mix_.track.stream != nullptr && mix_.motion.loop && mix_.motion.loop->out > length_of(mix_.track)) {
        const double length = length_of(mix_.track);
        const double in = mix_.motion.loop->in;
        const double here = mix_.motion.fold(mix_.motion.source_at(static_cast<double>(now_.value)));
        mix_.settle_at(now_);
        if (length - in < least) {
            mix_.motion.loop.reset();
        } else {
            mix_.motion.loop->out = length;
            if (running_ && !awaiting_line_ && here >= length) {
                jump(in);
            }
        }
        tell_motion();
    }
    for (std::size_t slot = 0; slot < mix_.used_slots; ++slot) {
        DeckVoice& stem = mix_.stems[slot];
        if (stem.stream != nullptr && stem.own_loop && stem.own_loop->out > stem.stream->windows().length()) {
            stem.own_loop->out = stem.stream->windows().length();
            if (stem.own_loop->out - stem.own_loop->in < static_cast<std::int64_t>(least)) {
                stem.own_loop.reset();
            }
            tell_motion();
        }
    }
}

void DeckEngine::leave_stem_ghost(std::size_t slot) noexcept {
    if (!mix_.stems[slot].sounds() || !running_ || awaiting_line_ || mix_.level.silent()) {
        return;
    }
    leave_ghost();
    DeckMix& ghost = ghosts_[(next_ghost_ + ghost_count - 1) % ghost_count];
    const DeckVoice kept = ghost.stems[slot];
    ghost.each_voice([](DeckVoice& voice) { voice.state = DeckVoice::State::empty; });
    ghost.stems[slot] = kept;
}

void DeckEngine::apply(const LoadStem& command) noexcept {
    leave_stem_ghost(command.slot);
    DeckVoice& stem = mix_.use_slot(command.slot);
    stem = DeckVoice{};
    stem.stream = command.stream;
    stem.state = DeckVoice::State::ready;
    pending_stems_[command.slot].reset();
    tell_motion();
}

void DeckEngine::apply(const PlayStem& command) noexcept {
    if (mix_.stems[command.slot].stream == nullptr) {
        refuse(Refused::Why::no_stem);
        return;
    }
    if (pending_start_ && !running_) {  // together with the deck
        DeckVoice& stem = mix_.stems[command.slot];
        set_up_stem(stem, command);
        stem.state = DeckVoice::State::ready;
        stem.start_source = command.start_source;
        tell_motion();
        done(start_frame().value_or(now_));
        return;
    }
    pending_stems_[command.slot] = command;
    if (!command.frame || *command.frame < now_) {
        pending_stems_[command.slot]->frame = now_;
    }
    done(*pending_stems_[command.slot]->frame);
}

void DeckEngine::set_up_stem(DeckVoice& stem, const PlayStem& command) noexcept {
    stem.own_rate = command.rate;
    stem.gain.jump(command.gain);
    stem.own_loop.reset();
    if (command.loop) {
        stem.own_loop = FrameLoop{0, stem.stream->windows().length()};
    }
}

void DeckEngine::start_stem(const PlayStem& command) noexcept {
    const JackFrame due = *command.frame;
    if (!running_) {
        running_ = true;
        mix_.motion.anchor(due, resting_source());
        mix_.track.state = mix_.track.stream == nullptr ? DeckVoice::State::empty : DeckVoice::State::ready;
        mix_.level.jump(1.0F);
        report(Started{due, Frames{0}});
    }
    leave_stem_ghost(command.slot);
    DeckVoice& stem = mix_.stems[command.slot];
    set_up_stem(stem, command);
    stem.scale = stem_scale(stem, mix_.motion);
    stem.offset = command.start_source - stem.scale * mix_.motion.source_at(static_cast<double>(due.value));
    stem.state = DeckVoice::State::playing;
    stem.fade.jump(1.0F);
    stem.gate.jump(1.0F);
    stem.head.reset();
    tell_motion();
}

void DeckEngine::apply(const PlaceStem& command) noexcept {
    DeckVoice& stem = mix_.use_slot(command.slot);
    stem = DeckVoice{};
    stem.stream = command.stream;
    set_up_stem(stem, {command.slot, command.rate, command.gain, command.loop, 0.0, std::nullopt});
    stem.scale = stem_scale(stem, mix_.motion);
    stem.offset = command.offset;
    stem.start_source = command.start_source;
    stem.state = command.playing && running_ ? DeckVoice::State::playing
                 : command.stopped           ? DeckVoice::State::stopped
                                             : DeckVoice::State::ready;
    stem.fade.jump(0.0F);
    stem.fade.go(1.0F, fade_frames_);
    tell_motion();
}

void DeckEngine::apply(const StopStem& command) noexcept {
    DeckVoice& stem = mix_.stems[command.slot];
    if (stem.stream == nullptr) {
        refuse(Refused::Why::no_stem);
        return;
    }
    pending_stems_[command.slot].reset();
    if (stem.sounds() && running_) {
        stem.fade.go(0.0F, fade_frames_);
    } else {
        stem.state = DeckVoice::State::stopped;
    }
    tell_motion();
}

void DeckEngine::apply(const SetStemGain& command) noexcept {
    DeckVoice& stem = mix_.stems[command.slot];
    if (stem.stream == nullptr) {
        refuse(Refused::Why::no_stem);
        return;
    }
    stem.gain.go(command.gain, 2 * fade_frames_);
    tell_motion();
}

}  // namespace crowdjack
