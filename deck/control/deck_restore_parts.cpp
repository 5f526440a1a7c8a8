// SPDX-License-Identifier: GPL-3.0-or-later
// What belongs to a saved deck besides its track: the start that was ordered, what was cued next, the stems.
#include "common/log.hpp"
#include "deck/control/deck.hpp"
#include "deck/control/steady_time.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

namespace crowdjack {

/// Of a start that was ordered before this process's life: at its frame, or (that has passed) in phase.
void Deck::order_saved_start(const SavedDeck& saved, bool same_run) {
    if (!saved.start || !shell_.has_jack()) {
        return;
    }
    const bool on_beat = settings_.sync.value_or(saved.start->quantum > 0.0);
    if (saved.start->quantum > 0.0) {
        sender_.send(StartOnBeat{saved.start->quantum, on_beat});
    } else if (same_run) {
        const auto shift =
            same_run_shift(saved, shell_.jack().last_frame(), steady_seconds(), shell_.jack().format().rate);
        sender_.send(StartAt{saved.start->frame + shift.value_or(Frames{0}), std::nullopt, on_beat});
    }
    expect_reports();
}

/// What was cued next when it was saved, now that the track plays.
void Deck::cue_wanted(std::function<void()> then) {
    const Loaded* const there = loaded(condition_);
    if (there == nullptr || !there->wanted || !std::holds_alternative<Playing>(condition_)) {
        if (then) {
            then();
        }
        return;
    }
    const SavedDeck::Next next = *there->wanted;
    TrackOpener::Wish wish;
    wish.file = next.path;
    wish.start_s = next.cue_s;
    wish.opened = [this, next, then = std::move(then)](const TrackOpener::Result& result) {
        Loaded* const now = loaded(condition_);
        if (now == nullptr || !now->wanted) {
            return;  // another one was cued
        }
        if (result.failure) {
            log_event(LogLevel::warning, "next-missing", {{"path", next.path}, {"why", *result.failure}});
            shell_.tell_manager(2, "missing " + next.path + ", which was cued next: " + *result.failure);
            return;
        }
        Track track;
        track.stream = streams_.add(result.stream);
        track.path = next.path;
        track.cue_source = std::round(next.cue_s * rate_of(track));
        track.bpm = settings_.track_bpm = next.track_bpm;  // as when it was cued
        track.grid = next.grid;
        sender_.send(CueTrack{track.stream, track.cue_source, next.track_bpm, next.grid.first_beat_s});
        if (next.loop) {
            track.loop = Trajectory::Loop{next.loop->in * rate_of(track), next.loop->out * rate_of(track)};
            sender_.send(SetLoop{track.loop});
        }
        now->next = std::move(track);
        now->wanted.reset();
        if (then) {
            then();
        }
        expect_reports();
        shell_.state_moved();
    };
    next_opener_.open(std::move(wish));
}

void Deck::restore_stems(const SavedDeck& saved, bool in_place, std::function<void()> all_there) {
    // Runs when the last of them lets go of it.
    const std::shared_ptr<std::function<void()>> last{new std::function<void()>{std::move(all_there)},
                                                      [](std::function<void()>* finish) {
                                                          if (*finish) {
                                                              (*finish)();
                                                          }
                                                          delete finish;
                                                      }};
    for (const SavedDeck::Stem& stem : saved.stems) {
        missing_stems_.at(stem.slot) = stem;
        restore_stem(stem, in_place, last);
    }
}

void Deck::restore_stem(const SavedDeck::Stem& stem, bool in_place,
                        const std::shared_ptr<std::function<void()>>& last) {
    TrackOpener::Wish wish;
    wish.file = stem.path;
    wish.opened = [this, stem, in_place, last](const TrackOpener::Result& result) {
        if (result.failure) {
            log_event(LogLevel::warning, "stem-missing",
                      {{"slot", stem.slot}, {"path", stem.path}, {"why", *result.failure}});
            shell_.tell_manager(2, "missing " + stem.path + ": " + *result.failure);
            try_missing_again();
            return;
        }
        missing_stems_.at(stem.slot).reset();
        TrackStream* const key = streams_.add(result.stream);
        streams_.retire(stems_.at(stem.slot).stream);
        stems_.at(stem.slot) = {stem.path, stem.name, stem.rate, stem.gain, stem.loop, key};
        const auto length = static_cast<double>(key->windows().length());
        if (stem.loop) {
            key->set_loop(ResidencyWants::Loop{0, key->windows().length()});
        }
        PlaceStem place{stem.slot,
                        key,
                        stem.rate,
                        static_cast<float>(stem.gain),
                        stem.loop,
                        stem.offset,
                        stem.playing && in_place,
                        stem.stopped,
                        {}};
        if (stem.playing && !in_place) {  // its next start goes on from where it was
            const Track* const track = sounding();
            const double scale = key->format().rate / (track == nullptr ? 48000.0 : rate_of(*track)) * stem.rate;
            const double at = stem.offset + scale * engine_.snapshot().source;
            place.start_source = stem.loop ? at - length * std::floor(at / length) : std::clamp(at, 0.0, length - 1.0);
        }
        sender_.send(place);
        expect_reports();
    };
    stem_openers_.at(stem.slot)->open(std::move(wish));
}

}  // namespace crowdjack
