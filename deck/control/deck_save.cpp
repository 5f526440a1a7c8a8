// SPDX-License-Identifier: GPL-3.0-or-later
// What a deck remembers over its own end.
#include "deck/control/deck.hpp"
#include "deck/control/steady_time.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

std::string Deck::save() {
    drain();
    if (const auto* const restoring = std::get_if<Restoring>(&condition_)) {
        return kept_text(restoring->saved, restoring->text);
    }
    if (const auto* const missing = std::get_if<Missing>(&condition_)) {
        return kept_text(missing->saved, missing->text);
    }
    if (taken_up_) {
        return kept_text(taken_up_->saved, taken_up_->text);
    }
    SavedDeck saved;
    save_tracks(saved);
    save_motion(saved);
    saved.gain = settings_.gain;
    saved.rate = settings_.rate;
    saved.follow = settings_.follow;
    saved.sync = settings_.sync;
    saved.autoplay = settings_.autoplay;
    saved.stretch = stretch_name(settings_.stretch);
    saved.line_sender = lines_.sender();
    saved.lines = lines_.lines();
    save_stems(saved);
    return to_text(saved);
}

/// What can't be taken up now is kept word for word; but what the user set since is the user's.
std::string Deck::kept_text(const SavedDeck& saved, const std::string& text) const {
    SavedDeck now = saved;
    now.gain = settings_.gain;
    now.rate = settings_.rate;
    now.track_bpm = settings_.track_bpm;
    now.follow = settings_.follow;
    now.sync = settings_.sync;
    now.autoplay = settings_.autoplay;
    now.stretch = stretch_name(settings_.stretch);
    for (std::size_t slot = 0; slot < stems_.size(); ++slot) {
        if (stems_[slot].stream != nullptr) {
            std::erase_if(now.stems, [slot](const SavedDeck::Stem& stem) { return stem.slot == slot; });
        }
    }
    save_stems(now);
    const std::string changed = to_text(now);
    return changed == to_text(saved) ? text : changed;
}

void Deck::save_tracks(SavedDeck& saved) const {
    saved.track_bpm = settings_.track_bpm;
    const Loaded* const there = loaded(condition_);
    if (there == nullptr) {
        return;
    }
    const Track& track = there->track;
    saved.path = track.path;
    saved.cue_source = track.cue_source;
    saved.file_rate = rate_of(track);
    saved.loop = track.loop;
    saved.hotcues = track.hotcues;
    saved.grid = track.grid;
    saved.next = there->wanted;
    if (there->next) {
        const Track& next = *there->next;
        saved.next = SavedDeck::Next{next.path, next.cue_source / rate_of(next), next.bpm, next.grid, std::nullopt};
        if (next.loop) {
            saved.next->loop = Trajectory::Loop{next.loop->in / rate_of(next), next.loop->out / rate_of(next)};
        }
    }
    if (track.stream != nullptr) {
        saved.track_bpm = track.bpm;
    }
    if (const auto* const stopped = std::get_if<Resting>(&condition_)) {
        saved.ended = stopped->ended;
    }
    std::optional<ComingStart> start;
    if (const auto* const waiting = std::get_if<Waiting>(&condition_)) {
        start = waiting->start;
    } else if (const auto* const playing = std::get_if<Playing>(&condition_)) {
        start = playing->start;
    }
    if (start) {
        saved.start = SavedDeck::Start{start->frame, start->quantum};
    }
}

void Deck::save_motion(SavedDeck& saved) const {
    const DeckSnapshot now = engine_.snapshot();
    saved.rest_source = std::max(0.0, now.source);
    saved.server_rate = shell_.has_jack() ? shell_.jack().format().rate : 48000.0;
    if (const auto* const cued = std::get_if<Cued>(&condition_)) {
        const bool engine_knows = now.state == DeckState::cued && now.commands >= cue_number_;
        saved.rest_source = engine_knows ? saved.rest_source : cued->track.cue_source;
    }
    saved.clock_frame = shell_.has_jack() ? shell_.jack().last_frame() : now.frame;
    saved.clock_s = steady_seconds();
    if (!motion_) {
        return;
    }
    const Trajectory& motion = motion_->mix.motion;
    saved.playing = motion_->playing;
    saved.anchor_frame = motion.anchor_frame;
    saved.anchor_beat = motion.anchor_beat;
    saved.anchor_source = motion.anchor_source;
    saved.on_line = motion.on_line();
    saved.server_rate = motion.server_rate;
}

void Deck::save_stems(SavedDeck& saved) const {
    for (std::size_t slot = 0; slot < stems_.size(); ++slot) {
        const Stem& stem = stems_.at(slot);
        if (stem.stream == nullptr) {
            if (missing_stems_.at(slot) && !std::holds_alternative<Missing>(condition_) &&
                !std::holds_alternative<Restoring>(condition_)) {
                saved.stems.push_back(*missing_stems_.at(slot));
            }
            continue;
        }
        SavedDeck::Stem each{slot, stem.path, stem.name, stem.rate, stem.gain, stem.loop};
        if (motion_ && motion_->mix.stems.at(slot).stream == stem.stream) {
            const DeckVoice& voice = motion_->mix.stems.at(slot);
            each.playing = voice.sounds();
            each.stopped = voice.state == DeckVoice::State::stopped;
            each.offset = voice.offset;
        }
        saved.stems.push_back(std::move(each));
    }
}

}  // namespace crowdjack
