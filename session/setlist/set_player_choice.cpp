// SPDX-License-Identifier: GPL-3.0-or-later
// The player's choice of what comes next and on which deck, and of what it takes over from an earlier run.
#include "session/setlist/patience.hpp"
#include "session/setlist/set_player.hpp"

namespace crowdjack {

namespace {

constexpr double beatless_bpm = 120.0;       ///< of a track without a beat where there is no tempo line
constexpr double adopt_patience_s = 10.0;    ///< until a track that plays already is known
constexpr double latest_choice_s = 20.0;     ///< before the next track is needed: then the choice waits no more
constexpr double analysis_patience_s = 6.0;  ///< for a first track to choose, when none is known
constexpr double analysis_ahead_s = 28.0;    ///< before the next track is needed: until then there is time to listen

}  // namespace

void SetPlayer::adopt(const Now& now) {
    if (adopted_ || !knows_what_plays(now)) {
        return;
    }
    adopted_ = true;
    for (auto& [letter, deck] : decks_) {
        if (!deck.alive || !deck.report || deck.report->state != DeckReport::State::playing) {
            continue;
        }
        std::size_t known = 0;
        while (known < sections_.size() && !holds(*deck.report, known)) {
            ++known;
        }
        if (known == sections_.size()) {
            continue;
        }
        if (sections_[known].end_s <= 0.0) {
            continue;
        }
        Run run = run_for(known, letter, now);
        run.stage = Stage::playing;
        run.start = timeline_.start_of(timeline_.at(deck.report->frame), place_in(sections_[known], *deck.report),
                                       run.track_bpm);
        run.planned = timeline_.frame_of(run.start);
        run.start_beat = run.start.at;
        run.start_bpm = timeline_.bpm_at(now.frame, {run.track_bpm}).value;
        if (!current_ || current_->start < run.start) {
            current_ = run;
        }
    }
    if (!current_) {
        return;
    }
    chooser_.played(current_->section);
    last_deck_ = current_->deck;
    for (const char letter : settings_.decks) {
        if (letter == current_->deck) {
            mixing_.open(letter, 1.0);
        } else if (decks_[letter].alive) {
            mixing_.fade_out(letter, 1.0);
        }
    }
}

/// A track that plays already, from an earlier run of this program, must be known before it can be taken over.
bool SetPlayer::knows_what_plays(const Now& now) {
    for (const auto& [letter, deck] : decks_) {
        if (!deck.alive || !deck.report || deck.report->state != DeckReport::State::playing) {
            continue;
        }
        for (std::size_t i = 0; i < sections_.size(); ++i) {
            if (sections_[i].end_s <= 0.0 && holds(*deck.report, i)) {
                orchestra_.get_to_know(i, Acquaintance::thorough);
                return now.seconds > *first_tick_s_ + adopt_patience_s;
            }
        }
    }
    return true;
}

SetPlayer::Run SetPlayer::run_for(std::size_t section, char deck, const Now& now) const {
    Run run;
    run.section = section;
    run.deck = deck;
    run.begin_s = sections_[section].begin_s;
    run.end_s = sections_[section].end_s;
    // A track without a beat is said to have the tempo that the line has now, so it starts at its own speed.
    run.track_bpm =
        sections_[section].by_time ? timeline_.bpm_at(now.frame, {beatless_bpm}).value : sections_[section].target_bpm;
    return run;
}

void SetPlayer::cue(const Run& run, double place_s) {
    const Section& section = sections_[run.section];
    orchestra_.cue(run.deck, section.part_file, section.start_s + place_s, run.track_bpm);
}

std::optional<char> SetPlayer::free_deck(const Now& now) const {
    const std::size_t count = settings_.decks.size();
    const std::size_t last = settings_.decks.find(last_deck_);
    for (std::size_t turn = 1; turn <= count; ++turn) {
        const char letter = settings_.decks[(last + turn) % count];
        const Deck& deck = decks_.at(letter);
        if (deck.alive && deck.busy_until_s <= now.seconds && run_on(letter) == nullptr) {
            return letter;
        }
    }
    return std::nullopt;
}

void SetPlayer::prepare(const Now& now) {
    if (next_) {
        if (next_->deck != 0 && !next_->cued && now.seconds > next_->asked_s + 4.0 * command_patience_s) {
            deck_busy(next_->deck);
        }
        if (next_->deck == 0) {
            if (const auto deck = free_deck(now)) {
                next_->deck = *deck;
                last_deck_ = *deck;
                next_->asked_s = now.seconds;
                cue(*next_, 0.0);
            }
        }
        return;
    }
    const auto begins = next_start();
    const bool due = !begins || *begins <= now.frame + to_frames({settings_.cue_ahead_s}, timeline_.rate());
    if (!adopted_ || over_ || !(due || hurry_) || !free_deck(now) || !may_choose(now)) {
        return;
    }
    waits_since_s_.reset();
    const Trend trend = trend_.at(now.seconds);
    const auto section = chooser_.next(trend);
    if (!section) {
        over_ = true;
        return;
    }
    next_ = run_for(*section, 0, now);
    next_->trend = trend;
    next_->movement = trend_.recent(now.seconds);
    orchestra_.measure(*section);
    prepare(now);
}

/// A choice among tracks that are not all known yet waits for them, but never longer than the music goes on.
bool SetPlayer::may_choose(const Now& now) {
    if (!chooser_.waits()) {
        return true;
    }
    const auto begins = next_start();
    const double left_s = begins ? to_seconds(*begins - now.frame, timeline_.rate()).value : 0.0;
    if (!chooser_.can_choose()) {
        press(now, left_s);
        return false;
    }
    // In the background a busy machine gives an analysis no time at all.
    if (const auto wanted = chooser_.first_unknown(); wanted && pressed_ != wanted) {
        pressed_ = wanted;
        orchestra_.get_to_know(*wanted, Acquaintance::thorough);
    }
    return begins && left_s <= latest_choice_s;
}

/// Nothing at all is known that could be played next: on a busy machine an analysis may take longer than the music
/// lasts. Then a track is played for what is known of it without listening.
void SetPlayer::press(const Now& now, double left_s) {
    const auto wanted = chooser_.first_unknown();
    if (!wanted) {
        return;
    }
    if (!waits_since_s_ || pressed_ != wanted) {
        waits_since_s_ = waits_since_s_.value_or(now.seconds);
        pressed_ = wanted;
        orchestra_.get_to_know(*wanted, Acquaintance::thorough);
    }
    if (left_s < analysis_ahead_s && now.seconds > *waits_since_s_ + analysis_patience_s) {
        *waits_since_s_ = now.seconds - analysis_patience_s / 2.0;  // for it, and for the next one should it fail
        orchestra_.get_to_know(*wanted, Acquaintance::at_once);
    }
}

void SetPlayer::unplayable(std::size_t section, const std::string& why) {
    if (next_ && next_->section == section) {
        give_up_next(why);
        return;
    }
    chooser_.exclude(section);
    orchestra_.report({SetlistEvent::Kind::skipped, '-', section, {}, {}, why});
}

void SetPlayer::give_up_next(const std::string& why) {
    orchestra_.report({SetlistEvent::Kind::skipped, next_->deck == 0 ? '-' : next_->deck, next_->section, {}, {}, why});
    chooser_.exclude(next_->section);
    if (!outgoing_) {
        mixing_.finish();
    }
    next_.reset();
}

}  // namespace crowdjack
