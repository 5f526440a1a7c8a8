// SPDX-License-Identifier: GPL-3.0-or-later
// How a deck goes from one condition to the next: by what its user orders and by what its audio thread reports.
#include "deck/control/deck.hpp"

#include <utility>

namespace crowdjack {

void Deck::become_opening(const std::string& path) {
    if (std::holds_alternative<Empty>(condition_) || std::holds_alternative<Opening>(condition_)) {
        condition_ = Opening{path};
    }
}

/// The track is open, and the engine was told.
void Deck::become_cued(Track track) {
    Loaded* const there = loaded(condition_);
    if (there != nullptr && engine_.snapshot().state == DeckState::playing) {
        if (there->next) {
            streams_.retire(there->next->stream);
        }
        there->next = std::move(track);
        there->wanted.reset();
        return;
    }
    if (there != nullptr) {
        streams_.retire(there->track.stream);
        if (there->next) {
            streams_.retire(there->next->stream);
        }
    }
    if (there == nullptr && engine_.snapshot().state == DeckState::playing) {  // stems alone: they go on
        Playing playing;
        playing.next = std::move(track);
        condition_ = std::move(playing);
        return;
    }
    condition_ = Cued{{std::move(track), std::nullopt, std::nullopt}};
}

/// The engine is about to be told.
void Deck::become_restored(Loaded there, const Place& place) {
    TrackStream* const stream = there.track.stream;
    if (stream != nullptr) {
        mark_points(there.track);
        if (there.track.loop) {
            stream->set_loop(ResidencyWants::Loop{static_cast<std::int64_t>(there.track.loop->in),
                                                  static_cast<std::int64_t>(there.track.loop->out)});
        }
    }
    if (place.plays) {
        condition_ = Playing{std::move(there), std::nullopt};
    } else if (stream == nullptr) {
        condition_ = Empty{};
    } else if (place.ended || place.motion.anchor_source != there.track.cue_source) {
        condition_ = Resting{std::move(there), place.ended};
    } else {
        condition_ = Cued{std::move(there)};
    }
}

void Deck::become_empty() {
    if (Loaded* const there = loaded(condition_)) {
        streams_.retire(there->track.stream);
        if (there->next) {
            streams_.retire(there->next->stream);
        }
    }
    condition_ = Empty{};
    coming_motion_.reset();
}

void Deck::become_stopped(bool ended) {
    if (Loaded* const there = loaded(condition_)) {
        condition_ = Resting{std::move(*there), ended};
    }
}

/// A place that is not the cue's was asked for.
void Deck::left_cue() {
    if (auto* const cued = std::get_if<Cued>(&condition_)) {
        condition_ = Resting{std::move(*cued), false};
    } else if (auto* const stopped = std::get_if<Resting>(&condition_)) {
        stopped->ended = false;
    }
}

void Deck::note_motion(bool playing, const TrackStream* stream) {
    forget_start();
    Loaded* const there = loaded(condition_);
    if (there == nullptr) {
        const bool free = std::holds_alternative<Empty>(condition_) || std::holds_alternative<Opening>(condition_);
        if (playing && free && stream == nullptr) {
            condition_ = Playing{};  // stems alone
        }
        return;
    }
    if (!playing) {
        if (std::holds_alternative<Playing>(condition_)) {
            become_stopped(false);
        }
        return;
    }
    if (there->next && stream == there->next->stream) {
        streams_.retire(std::exchange(there->track, std::move(*there->next)).stream);
        there->next.reset();
    } else if (stream != there->track.stream) {
        return;  // it has not heard of the latest cue yet
    }
    if (!std::holds_alternative<Playing>(condition_)) {
        condition_ = Playing{std::move(*there), std::nullopt};
        cue_wanted({});
    }
}

void Deck::note_start(const ComingStart& start) {
    if (auto* const playing = std::get_if<Playing>(&condition_)) {
        playing->start = start;
        return;
    }
    if (auto* const waiting = std::get_if<Waiting>(&condition_)) {
        waiting->start = start;
        return;
    }
    if (Loaded* const there = loaded(condition_)) {
        const bool stopped = std::holds_alternative<Resting>(condition_);
        condition_ = Waiting{std::move(*there), start, stopped};
    }
}

void Deck::forget_start() {
    coming_motion_.reset();
    if (auto* const playing = std::get_if<Playing>(&condition_)) {
        playing->start.reset();
    } else if (auto* const waiting = std::get_if<Waiting>(&condition_)) {
        if (waiting->was_stopped) {
            condition_ = Resting{std::move(*waiting), false};
        } else {
            condition_ = Cued{std::move(*waiting)};
        }
    }
}

}  // namespace crowdjack
