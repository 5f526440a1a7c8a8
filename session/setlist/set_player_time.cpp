// SPDX-License-Identifier: GPL-3.0-or-later
// The player's sense of time: beats while there is a line, frames while there is none, and the way from one to the
// other in the middle of a set.
#include "session/setlist/set_player.hpp"

#include <cmath>

namespace crowdjack {

namespace {

constexpr double line_patience_s = 3.0;  ///< after a restart of the server, for its follower's line

}  // namespace

bool SetPlayer::time_is_known(const Now& now) {
    if (beats_ && !timeline_.has_line()) {
        line_lost_s_ = line_lost_s_.value_or(now.seconds);
        if (now.seconds < *line_lost_s_ + line_patience_s) {
            return false;
        }
    }
    line_lost_s_.reset();
    if (beats_ != timeline_.has_line()) {
        beats_ = timeline_.has_line();
        time_changed_meaning(now);
    }
    if (relocate_) {
        locate(now);
    }
    return !relocate_;
}

void SetPlayer::time_changed_meaning(const Now& now) {
    if (current_) {
        relocate_ = now;
    }
    if (next_) {
        next_->stage = Stage::preparing;
        if (!outgoing_) {
            mixing_.finish();
        }
    }
}

void SetPlayer::locate(const Now& now) {
    const bool waited_long = now.seconds > relocate_->seconds + line_patience_s;
    for (std::optional<Run>* run : {&outgoing_, &current_}) {
        if (!*run) {
            continue;
        }
        const auto& report = decks_[(*run)->deck].report;
        const bool fresh = report && report->frame > relocate_->frame + to_frames({lead_s}, timeline_.rate());
        if (fresh && plays(**run)) {
            (*run)->start = timeline_.start_of(timeline_.at(report->frame),
                                               place_in(sections_[(*run)->section], *report), (*run)->track_bpm);
        } else if (!waited_long) {
            return;
        } else {
            record(**run, now.frame, "lost");
            run->reset();
        }
    }
    relocate_.reset();
    if (outgoing_ && current_ && mixing_.handover()) {
        mixing_.retime(current_->start, end_of(*outgoing_), now);
    } else {
        outgoing_.reset();
        mixing_.finish();
    }
}

JackFrame SetPlayer::soonest(const Now& now) const { return now.frame + to_frames({lead_s}, timeline_.rate()); }

SetTime SetPlayer::time_of(const Run& run, double file_s) const {
    return timeline_.after(run.start, file_s, run.track_bpm);
}

SetTime SetPlayer::end_of(const Run& run) const { return time_of(run, run.end_s); }

SetTime SetPlayer::next_bar(const Run& run, JackFrame not_before) const {
    const double beats = timeline_.beats_between(run.start, timeline_.at(not_before), run.track_bpm);
    return timeline_.beats_later(run.start, std::ceil(beats / bar) * bar, run.track_bpm);
}

}  // namespace crowdjack
