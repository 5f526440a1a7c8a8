// SPDX-License-Identifier: GPL-3.0-or-later
// What the suite tells the player, and what it answers to whoever asks.
#include "session/setlist/patience.hpp"
#include "session/setlist/set_player.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

constexpr double busy_s = 10.0;
constexpr double moved_beats = 0.05;  ///< beyond what a keep-pitch method wanders
constexpr int moved_reports = 3;

}  // namespace

void SetPlayer::deck_report(char letter, const DeckReport& report, const Now& now) {
    const auto found = decks_.find(letter);
    if (found == decks_.end()) {
        return;
    }
    Deck& deck = found->second;
    const bool returned = adopted_ && !deck.alive;
    deck.alive = true;
    deck.heard_s = now.seconds;
    deck.report = report;
    Run* const run = run_on(letter);
    using State = DeckReport::State;
    if (returned && run == nullptr && (report.state == State::waiting || report.state == State::playing)) {
        // It came back with a start that another deck has taken over meanwhile.
        const bool ours = std::any_of(sections_.begin(), sections_.end(), [&report](const Section& section) {
            return same_file(section.part_file, report.path);
        });
        if (ours) {
            orchestra_.stop(letter, std::nullopt);
        }
    }
    if (run != nullptr && run->stage == Stage::playing && plays(*run) && !relocate_) {
        check_place(*run, report);
    }
}

void SetPlayer::check_place(Run& run, const DeckReport& report) {
    if (report.frame < timeline_.frame_of(run.start) + to_frames({silence_patience_s}, timeline_.rate())) {
        return;
    }
    const SetTime start =
        timeline_.start_of(timeline_.at(report.frame), place_in(sections_[run.section], report), run.track_bpm);
    const double off = timeline_.beats_between(run.start, start, run.track_bpm);
    run.wrong_reports = std::abs(off) > moved_beats ? run.wrong_reports + 1 : 0;
    if (run.wrong_reports < moved_reports) {
        return;
    }
    // Somebody moved it: its cues moved with it.
    run.wrong_reports = 0;
    run.start = start;
    if (&run == &*current_ && next_ && !outgoing_) {
        next_->stage = Stage::preparing;
    }
}

void SetPlayer::deck_gone(char letter) {
    const auto found = decks_.find(letter);
    if (found == decks_.end() || !found->second.alive) {
        return;
    }
    found->second = Deck{};
    if (next_ && next_->deck == letter) {
        other_deck();
    }
}

void SetPlayer::deck_busy(char letter) {
    if (next_ && next_->deck == letter) {
        decks_[letter].busy_until_s = next_->asked_s + busy_s;
        other_deck();
    }
}

void SetPlayer::other_deck() {
    if (next_->stage == Stage::scheduled) {
        mixing_.rest(next_->deck);
        if (!outgoing_) {
            mixing_.finish();
        }
    }
    next_->deck = 0;
    next_->stage = Stage::preparing;
    next_->cued = false;
}

void SetPlayer::deck_cued(char letter) {
    Run* const run = run_on(letter);
    if (run == nullptr) {
        return;
    }
    run->cued = true;
    if (run->rejoining && run->stage == Stage::playing) {
        const JackFrame frame = timeline_.frame_of(time_of(*run, run->rejoin_s));
        orchestra_.start_at(letter, frame, sections_[run->section].start_s + run->rejoin_s);
    } else if (run->stage == Stage::preparing) {
        orchestra_.report({SetlistEvent::Kind::cued, letter, run->section, {}, {}, {}});
    }
}

void SetPlayer::deck_refused(char letter, const std::string& why) {
    if (next_ && next_->deck == letter) {
        give_up_next(why);
    } else if (Run* const run = run_on(letter); run != nullptr && run->rejoining) {
        run->silent_since_s = -lost_after_s;  // lost at once
    }
}

void SetPlayer::deck_started(char letter, JackFrame frame) {
    Run* const run = run_on(letter);
    if (run == nullptr || run->started || run->stage == Stage::preparing) {
        return;
    }
    run->started = frame;
    orchestra_.report({SetlistEvent::Kind::started, letter, run->section, frame, {}, {}});
}

void SetPlayer::measured(std::size_t section, const Measured& found) {
    if (!next_ || next_->section != section || next_->measured) {
        return;
    }
    if (!found.playable) {
        give_up_next(found.why);
        return;
    }
    constexpr double tolerance_s = 0.05;
    const double length_s = found.length_s - sections_[section].start_s;
    if (length_s + tolerance_s < next_->begin_s) {
        give_up_next("the file ends before its begin cue");
        return;
    }
    next_->end_s = std::min(next_->end_s, length_s);
    next_->measured = found;
}

void SetPlayer::mixer_returned(const Now& now) {
    mixing_.mixer_returned(now, current_ ? std::optional{current_->deck} : std::nullopt);
}

void SetPlayer::server_restarted(const Now& now) {
    timeline_.clear();
    for (auto& [letter, deck] : decks_) {
        deck.report.reset();
    }
    if (!beats_) {
        time_changed_meaning(now);
    }
}

void SetPlayer::beats_renumbered(const Now& now) {
    if (beats_) {
        time_changed_meaning(now);
    }
}

SetPlayer::Run* SetPlayer::run_on(char deck) {
    for (std::optional<Run>* run : {&outgoing_, &current_, &next_}) {
        if (*run && (*run)->deck == deck) {
            return &**run;
        }
    }
    return nullptr;
}

const SetPlayer::Run* SetPlayer::run_on(char deck) const { return const_cast<SetPlayer*>(this)->run_on(deck); }

std::optional<std::size_t> SetPlayer::section_on(char deck) const {
    const Run* const run = run_on(deck);
    return run == nullptr ? std::nullopt : std::optional{run->section};
}

std::optional<char> SetPlayer::current_deck() const { return current_ ? std::optional{current_->deck} : std::nullopt; }

std::optional<JackFrame> SetPlayer::current_start() const {
    return current_ ? std::optional{current_->started.value_or(current_->planned)} : std::nullopt;
}

std::optional<char> SetPlayer::next_deck() const {
    return next_ && next_->deck != 0 ? std::optional{next_->deck} : std::nullopt;
}

std::optional<JackFrame> SetPlayer::next_start() const {
    if (next_ && next_->stage == Stage::scheduled) {
        return timeline_.frame_of(next_->start);
    }
    if (!current_) {
        return std::nullopt;
    }
    return timeline_.frame_of(timeline_.on_grid(current_->start, current_->begin_s, current_->track_bpm));
}

}  // namespace crowdjack
