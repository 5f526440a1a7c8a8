// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/engine/deck_engine.hpp"

#include "common/locked_memory.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <thread>
#include <utility>

namespace crowdjack {

namespace {

constexpr double fade_s = 0.005;
constexpr double line_patience_s = 2.0;
constexpr double furthest_wait = 262'144.0;  // source frames; a line that jumps is no run to wait along

}  // namespace

DeckEngine::DeckEngine() : epoch_{std::make_shared<AudioEpoch>()}, scratch_{std::make_unique<RenderScratch>()} {
    mix_.track.scale = 1.0;
    tell_motion();
}

void DeckEngine::prepare(double server_rate) {
    const double source =
        running_ ? mix_.motion.fold(mix_.motion.source_at(static_cast<double>((now_ + Frames{now_frames_}).value)))
                 : 0.0;
    awaiting_line_ = running_ && mix_.motion.on_line();
    awaited_frames_ = 0;
    if (awaiting_line_) {
        mix_.settle_at(now_ + Frames{now_frames_});
    }
    mix_.motion.tempo.clear();
    mix_.motion.server_rate = server_rate;
    if (mix_.track.stream == nullptr) {
        mix_.motion.file_rate = server_rate;
    }
    server_rate_ = server_rate;
    fade_frames_ = to_frames(Seconds{fade_s}, server_rate).value;
    rejoin_source_ = source;
    rejoin_ = running_;
    ghost_lives_.fill(false);
    if (pending_start_ && pending_start_->frame) {
        report(Voided{*std::exchange(pending_start_, std::nullopt)->frame});
    }
    if (pending_stop_) {
        report(Voided{*std::exchange(pending_stop_, std::nullopt)});
    }
    pending_stems_.fill(std::nullopt);
    tell_motion();
}

bool DeckEngine::make_resident() noexcept {
    const bool own = lock_and_touch(this, sizeof *this);
    const bool scratch = lock_and_touch(scratch_.get(), sizeof *scratch_);
    return ahead_.make_resident() && own && scratch;
}

CROWDJACK_EVERY_CYCLE void DeckEngine::process(JackFrame frame, std::span<float> left, std::span<float> right,
                                               bool freewheeling) noexcept {
    if (!calm_ || !commands.empty() || !sound_calmly(frame, left, right)) {
        sound_with_care(frame, left, right, freewheeling);
    }
}

CROWDJACK_EVERY_CYCLE bool DeckEngine::sound_calmly(JackFrame frame, std::span<float> left,
                                                    std::span<float> right) noexcept {
    if (!ahead_.give(frame, left, right) && !(refill(frame, left.size()) && ahead_.give(frame, left, right))) {
        return false;
    }
    now_ = frame;
    now_frames_ = static_cast<std::uint32_t>(left.size());
    gain_.apply(left, right);
    const auto [source, speed] = ahead_.place(frame);
    snapshot_.write({frame, DeckState::playing, calm_->loop ? calm_->loop->fold(source) : source,
                     speed * calm_->seconds_per_step, calm_->track_bpm, commands_taken_});
    return true;
}

[[gnu::noinline]] bool DeckEngine::refill(JackFrame frame, std::size_t size) noexcept {
    epoch_->enter();
    const bool calm = ahead_.render(mix_, frame, size, *scratch_) && !mix_.ends_before(ahead_.end());
    if (calm) {
        mix_.publish(ahead_.end());
    } else {
        calm_.reset();
    }
    epoch_->leave();
    return calm;
}

std::optional<DeckEngine::Calm> DeckEngine::calm() const noexcept {
    const bool nothing_due = !next_due() && retired_count_ == 0 && !motion_changed_ && starved_unsaid_ == 0;
    if (!steady() || !nothing_due || !gain_.settled() || stretch_.voice() != nullptr ||
        mix_.ends_before(ahead_.end())) {
        return std::nullopt;
    }
    const Trajectory::Loop* const loop = mix_.motion.folding_loop();
    return Calm{seconds_per_step(), mix_.motion.track_bpm, loop == nullptr ? std::nullopt : std::optional{*loop}};
}

void DeckEngine::sound_with_care(JackFrame frame, std::span<float> left, std::span<float> right,
                                 bool freewheeling) noexcept {
    epoch_->enter();
    now_ = frame;
    now_frames_ = static_cast<std::uint32_t>(left.size());
    if (std::exchange(rejoin_, false) && !awaiting_line_) {
        mix_.motion.anchor(frame, rejoin_source_);
        motion_changed_ = true;
    }
    take_commands();
    keep_loops_in_tracks();
    await_line_or_go_on(now_frames_);
    if (freewheeling) {
        await_workers(frame, now_frames_);
    }
    stretch_.read(frame, left.size(), freewheeling);
    blend_stretch();
    for (std::size_t done = 0; done < left.size();) {
        const JackFrame here = frame + Frames{static_cast<std::int64_t>(done)};
        meet_due(here);
        std::size_t count = left.size() - done;
        if (const auto due = next_due()) {
            count = std::min(count, static_cast<std::size_t>(std::max<std::int64_t>(1, (*due - here).value)));
        }
        sound(here, left.subspan(done, count), right.subspan(done, count));
        done += count;
    }
    stretch_.add(left, right);
    gain_.apply(left, right);
    look_for_ends(frame + Frames{now_frames_});
    release_retired();
    publish(frame, now_frames_);
    calm_ = calm();
    epoch_->leave();
}

void DeckEngine::process_idle() {
    epoch_->enter();
    take_commands();
    release_retired();
    publish(now_, 0);
    epoch_->leave();
}

bool DeckEngine::steady() const noexcept {
    return running_ && !awaiting_line_ && std::none_of(ghost_lives_.begin(), ghost_lives_.end(), std::identity{}) &&
           mix_.steady();
}

void DeckEngine::sound(JackFrame frame, std::span<float> left, std::span<float> right) noexcept {
    if (!steady()) {
        ahead_.forget(mix_, frame);
    } else if (ahead_.give(frame, left, right) ||
               (ahead_.render(mix_, frame, left.size(), *scratch_) && ahead_.give(frame, left, right))) {
        return;
    }
    std::uint32_t missing = 0;
    const auto render = [&](DeckMix& mix, std::span<float> to_left, std::span<float> to_right) {
        // What a mix on its way in or out lacks was missed, or will be, by the mix that stays.
        const bool stays = mix.level.settled() && mix.leaving.settled();
        const std::uint32_t lost = mix.render(frame, *scratch_, to_left, to_right);
        missing = stays ? std::max(missing, lost) : missing;
        mix.level.apply(to_left, to_right);
        mix.leaving.apply(to_left, to_right);
    };
    if (running_ && !awaiting_line_ && !mix_.level.silent()) {
        render(mix_, left, right);
    } else {
        std::fill(left.begin(), left.end(), 0.0F);
        std::fill(right.begin(), right.end(), 0.0F);
    }
    const std::span<float> own_left{scratch_->mix_left.data(), left.size()};
    const std::span<float> own_right{scratch_->mix_right.data(), right.size()};
    for (std::size_t i = 0; i < ghost_count; ++i) {
        if (!ghost_lives_[i]) {
            continue;
        }
        render(ghosts_[i], own_left, own_right);
        for (std::size_t k = 0; k < left.size(); ++k) {
            left[k] += own_left[k];
            right[k] += own_right[k];
        }
        ghost_lives_[i] = !ghosts_[i].leaving.silent();
    }
    if (missing > 0) {
        starved_unsaid_ += missing;
        starved_.store(starved_.load(std::memory_order_relaxed) + missing, std::memory_order_relaxed);
    }
}

void DeckEngine::meet_due(JackFrame frame) noexcept {
    if (pending_stop_ && *pending_stop_ <= frame) {
        stop(*pending_stop_);
    }
    if (const auto due = start_frame(); due && *due <= frame) {
        start(frame);
    }
    for (std::size_t slot = 0; slot < pending_stems_.size(); ++slot) {
        if (pending_stems_[slot] && *pending_stems_[slot]->frame <= frame) {
            start_stem(*std::exchange(pending_stems_[slot], std::nullopt));
        }
    }
}

std::optional<JackFrame> DeckEngine::next_due() const noexcept {
    std::optional<JackFrame> next = start_frame();
    const auto consider = [&next](const std::optional<JackFrame>& due) {
        if (due && (!next || *due < *next)) {
            next = due;
        }
    };
    consider(pending_stop_);
    for (const auto& stem : pending_stems_) {
        if (stem) {
            consider(stem->frame);
        }
    }
    return next;
}

std::optional<JackFrame> DeckEngine::start_frame() const noexcept {
    if (!pending_start_) {
        return std::nullopt;
    }
    if (pending_start_->frame) {
        return pending_start_->frame;
    }
    if (mix_.motion.tempo.empty()) {
        return std::nullopt;
    }
    return whole_frame(std::ceil(mix_.motion.tempo.frame_of(pending_start_->beat) - 1e-6));
}

void DeckEngine::blend_stretch() noexcept {
    if (keep_pitch_ && running_ && !stretch_.active() && !pending_start_ && stretch_.ready(motion_number_)) {
        stretch_.level().go(1.0F, 2 * fade_frames_);
        mix_.level.go(0.0F, 2 * fade_frames_);
    }
    // Read on until it rests: its takes come back, and with them the track, only through the reader.
    if (!keep_pitch_ && stretch_.voice() != nullptr && stretch_.level().silent() && stretch_.voice()->at_rest()) {
        stretch_.use(nullptr);
    }
}

void DeckEngine::await_line_or_go_on(std::uint32_t frames) noexcept {
    if (!awaiting_line_) {
        return;
    }
    awaited_frames_ += frames;
    if (static_cast<double>(awaited_frames_) > line_patience_s * server_rate_) {
        awaiting_line_ = false;  // nobody leads any more: on at its own speed
        mix_.motion.anchor(now_, mix_.motion.anchor_source);
        mix_.level.jump(0.0F);
        mix_.level.go(1.0F, fade_frames_);
        motion_changed_ = true;
    }
}

void DeckEngine::await_workers(JackFrame frame, std::uint32_t frames) noexcept {
    // An offline render is to be complete and the same every time: the one place where audio waits.
    const RealtimeExemption waiting;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{2};
    while (keep_pitch_ && stretch_.planned() != motion_number_ && motion_number_ != 0 && (running_ || pending_start_) &&
           std::chrono::steady_clock::now() < deadline) {
        say_motion();
        std::this_thread::sleep_for(std::chrono::microseconds{200});
        take_commands();
    }
    const auto begin = static_cast<double>(frame.value);
    const double end = begin + 2.0 * static_cast<double>(frames) + 2.0 * static_cast<double>(fade_frames_);
    const auto await_storage = [begin, end](DeckMix& mix, bool leads) {
        mix.each_voice([&](DeckVoice& voice) {
            if (!voice.sounds()) {
                return;
            }
            const auto loop = voice.loop_under(mix.motion);
            const double from = voice.own_position(mix.motion.source_at(begin));
            const double to = std::min(voice.own_position(mix.motion.source_at(end)), from + furthest_wait) + 1024.0;
            if (leads) {
                voice.publish(std::max(from, 0.0), 1.0, loop);
            }
            for (double at = from - 1024.0; at < to + 1024.0; at += 1024.0) {
                const std::int64_t place = folded(static_cast<std::int64_t>(std::max(at, 0.0)), loop);
                voice.stream->wait_for(place, place + 1);
            }
        });
    };
    if (running_ || (start_frame() && *start_frame() < frame + Frames{frames})) {
        DeckMix next = running_ && !pending_start_ ? mix_ : started_mix(start_frame().value_or(frame));
        await_storage(mix_, true);
        await_storage(next, true);
    }
    // A worker that had no processor knows only an earlier place of what fades.
    for (std::size_t i = 0; i < ghost_count; ++i) {
        if (ghost_lives_[i]) {
            await_storage(ghosts_[i], false);
        }
    }
}

void DeckEngine::look_for_ends(JackFrame frame) noexcept {
    if (!running_ || awaiting_line_) {
        return;
    }
    const bool cut_off = mix_.track.sounds() && mix_.track.stream->windows().lost();
    const bool ended = mix_.end_voices(frame);
    if (mix_.has_sound()) {
        return;
    }
    if (!ended) {
        fall_silent(frame);
        return;
    }
    running_ = false;
    rest_source_.reset();
    at_end_ = true;
    failed_ = cut_off;
    stretch_.level().go(0.0F, fade_frames_);
    tell_motion();
    if (cut_off) {
        report(CutOff{frame});
    } else {
        report(Ended{frame});
    }
}

void DeckEngine::fall_silent(JackFrame frame) noexcept {
    // The last stem was stopped and no track plays: the deck has stopped, though nobody said so.
    if (std::none_of(pending_stems_.begin(), pending_stems_.end(), [](const auto& stem) { return stem.has_value(); })) {
        stop(frame);
    }
}

void DeckEngine::publish(JackFrame frame, std::uint32_t frames) noexcept {
    const bool moving = running_ && !awaiting_line_;
    if (moving) {
        mix_.publish(std::max(frame + Frames{frames}, ahead_.end()));
    }
    double source =
        moving ? mix_.motion.fold(mix_.motion.source_at(static_cast<double>(frame.value))) : resting_source();
    if (!moving && at_end_ && mix_.track.stream != nullptr) {
        source = static_cast<double>(mix_.track.stream->windows().length());
    }
    snapshot_.write({frame, state(), source, mix_.motion.speed_at(frame) * seconds_per_step(), mix_.motion.track_bpm,
                     commands_taken_});
    say_motion();
    if (starved_unsaid_ > 0 && reports.push(Starved{starved_unsaid_})) {
        starved_unsaid_ = 0;
    }
    const bool ghosts = std::any_of(ghost_lives_.begin(), ghost_lives_.end(), std::identity{});
    silent_.store((!running_ || gain_.silent()) && !ghosts && stretch_.level().settled(), std::memory_order_release);
}

void DeckEngine::say_motion() noexcept {
    if (!motion_changed_) {
        return;
    }
    // Both are said again when the queue was full: the last word counts.
    if (!motions.push({motion_number_ + 1, now_, running_, false, mix_})) {
        return;
    }
    ++motion_number_;
    if (const auto due = start_frame()) {
        const double quantum = pending_start_->frame ? 0.0 : pending_start_->quantum;
        if (!motions.push({motion_number_ + 1, *due, true, true, started_mix(*due), quantum})) {
            return;
        }
        ++motion_number_;
    }
    motion_changed_ = false;
}

DeckState DeckEngine::state() const noexcept {
    if (running_) {
        return DeckState::playing;
    }
    if (pending_start_) {
        return DeckState::waiting;
    }
    if (failed_) {
        return DeckState::failed;
    }
    if (mix_.track.stream == nullptr && !mix_.has_stems()) {
        return DeckState::empty;
    }
    return rest_source_ || at_end_ ? DeckState::stopped : DeckState::cued;
}

double DeckEngine::resting_source() const noexcept {
    if (pending_start_) {
        return pending_start_->source;
    }
    if (awaiting_line_) {
        return mix_.motion.anchor_source;
    }
    return rest_source_.value_or(cue_source_);
}

void DeckEngine::report(const DeckReport& what) noexcept { static_cast<void>(reports.push(what)); }

void DeckEngine::tell_motion() noexcept {
    motion_changed_ = true;
    ahead_.forget(mix_, now_);
    calm_.reset();
}

void DeckEngine::release_retired() noexcept {
    for (std::size_t i = 0; i < retired_count_;) {
        TrackStream* const stream = retired_[i];
        bool used = mix_.refers_to(stream) || (armed_ && armed_->stream == stream);
        for (std::size_t ghost = 0; ghost < ghost_count; ++ghost) {
            used = used || (ghost_lives_[ghost] && ghosts_[ghost].refers_to(stream));
        }
        if (!used && reports.push(Released{stream})) {
            retired_[i] = retired_[--retired_count_];
        } else {
            ++i;
        }
    }
}

}  // namespace crowdjack
