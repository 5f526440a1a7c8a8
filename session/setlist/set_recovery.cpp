// SPDX-License-Identifier: GPL-3.0-or-later
// The player's other half: putting right what went wrong.
#include "session/setlist/patience.hpp"
#include "session/setlist/set_player.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace crowdjack {

namespace {

constexpr double rejoin_patience_s = 3.0;
constexpr double rejoin_ahead_s = 0.8;
constexpr double quit_fade_s = 1.2;
constexpr double unfaded_s = 0.05;
constexpr double longest_silence_s = 5.0;  ///< after a track's end, with nothing begun

}  // namespace

bool SetPlayer::plays(const Run& run) const {
    const auto& report = decks_.at(run.deck).report;
    return report && report->state == DeckReport::State::playing && holds(*report, run.section);
}

void SetPlayer::watch(Run& run, const Now& now) {
    const Deck& deck = decks_[run.deck];
    const double heard_s = deck.report ? deck.heard_s : 0.0;
    const bool answers = deck.alive && now.seconds < heard_s + silence_patience_s;
    if (answers && (plays(run) || deck.report->state == DeckReport::State::stopped)) {
        run.silent_since_s.reset();
        run.rejoining = false;
        return;
    }
    run.silent_since_s = run.silent_since_s.value_or(now.seconds);
    if (run.rejoining && now.seconds > run.asked_s + rejoin_patience_s) {
        run.rejoining = false;
    }
    if (answers && !run.rejoining && now.seconds > *run.silent_since_s + silence_patience_s) {
        rejoin(run, now);
    }
}

void SetPlayer::rejoin(Run& run, const Now& now) {
    const SetTime when = timeline_.at(now.frame + to_frames({rejoin_ahead_s}, timeline_.rate()));
    const double place = timeline_.position(run.start, when, run.track_bpm);
    if (place < 0.0 || place > run.end_s - rejoin_ahead_s) {
        return;
    }
    run.rejoining = true;
    run.rejoin_s = place;
    run.asked_s = now.seconds;
    cue(run, place);
}

void SetPlayer::lost(const Now& now) {
    if (current_ && current_->silent_since_s && now.seconds > *current_->silent_since_s + lost_after_s) {
        record(*current_, now.frame, "lost");
        mixing_.rest(current_->deck);
        mixing_.finish();
        outgoing_.reset();
        current_.reset();
        if (next_) {
            next_->stage = Stage::preparing;
        }
    }
    if (over_ && !current_ && !next_ && !outgoing_ && !pausing_) {
        end_set("nothing is left to play");
    }
}

/// Whatever kept the next track from coming: the room must not stay silent. Everything that waits is forgotten and the
/// set goes on as if it began.
void SetPlayer::break_silence(const Now& now) {
    if (!current_ || outgoing_ || over_ || pausing_ ||
        now.frame < timeline_.frame_of(end_of(*current_)) + to_frames({longest_silence_s}, timeline_.rate())) {
        return;
    }
    std::string why = "the set stood still";
    if (next_) {
        why += std::string{": its next track was "} + (next_->deck == 0 ? "on no deck" : "on deck ") +
               (next_->deck == 0 ? "" : std::string{next_->deck}) + (next_->cued ? ", cued" : ", not cued") +
               (next_->measured ? ", measured" : ", not measured") +
               (next_->stage == Stage::scheduled ? ", told to start" : "");
    }
    for (auto& [letter, deck] : decks_) {
        why += std::string{"; deck "} + letter + (deck.alive ? " answers" : " does not answer");
        deck.busy_until_s = 0.0;
    }
    stop_sent_ = false;
    const char quiet = current_->deck;
    record(*current_, timeline_.frame_of(end_of(*current_)), "ended");
    current_.reset();
    mixing_.finish();
    mixing_.rest(quiet);
    if (next_) {
        if (next_->deck != 0) {
            mixing_.rest(next_->deck);
            orchestra_.stop(next_->deck, std::nullopt);
        }
        orchestra_.report(
            {SetlistEvent::Kind::skipped, next_->deck == 0 ? '-' : next_->deck, next_->section, {}, {}, why});
        next_.reset();
    } else {
        orchestra_.report({SetlistEvent::Kind::skipped, '-', std::nullopt, {}, {}, why});
    }
}

bool SetPlayer::hurry() {
    if (stopping_until_s_ || (over_ && !next_)) {
        return false;
    }
    pausing_ = false;
    hurry_ = true;
    if (next_ && next_->stage == Stage::scheduled && !outgoing_) {
        next_->stage = Stage::preparing;
    }
    return true;
}

void SetPlayer::pause_after(bool on, const Now& now) {
    pausing_ = on;
    const bool told = next_ && next_->stage == Stage::scheduled && !outgoing_;
    if (!on || !told || timeline_.frame_of(next_->start) <= soonest(now)) {
        return;  // one that is about to come in counts as the current one
    }
    // Its deck forgets the start, and has it armed anew.
    orchestra_.stop(next_->deck, std::nullopt);
    mixing_.rest(next_->deck);
    mixing_.finish();
    if (current_) {
        mixing_.open(current_->deck, unfaded_s);  // its part of the hand-over was scheduled, too
    }
    next_->stage = Stage::preparing;
    next_->cued = false;
    next_->asked_s = now.seconds;
    cue(*next_, 0.0);
}

double SetPlayer::stop(const Now& now) {
    const JackFrame quiet = now.frame + to_frames({quit_fade_s}, timeline_.rate());
    for (std::optional<Run>* run : {&outgoing_, &current_, &next_}) {
        if (!*run || (*run)->deck == 0) {
            continue;
        }
        if ((*run)->stage == Stage::playing) {
            mixing_.fade_out((*run)->deck, quit_fade_s);
            orchestra_.stop((*run)->deck, quiet);
            record(**run, quiet, "stopped");
        } else if ((*run)->stage == Stage::scheduled) {
            orchestra_.stop((*run)->deck, std::nullopt);
        }
    }
    stopping_until_s_ = now.seconds + quit_fade_s + 0.1;
    return quit_fade_s;
}

void SetPlayer::end_set(const std::string& why) {
    if (finished_) {
        return;
    }
    finished_ = true;
    for (const char letter : settings_.decks) {
        mixing_.release(letter);
    }
    orchestra_.report({SetlistEvent::Kind::ended, current_ ? current_->deck : '-', std::nullopt, {}, {}, why});
}

}  // namespace crowdjack
