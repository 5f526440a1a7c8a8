// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/setlist/set_player.hpp"

#include "session/setlist/patience.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace crowdjack {

namespace {

constexpr double gathering_s = 0.5;  ///< at the start: until every deck that is there has said so
constexpr double fewest_handover_beats = 2.0;
constexpr double measure_patience_s = 15.0;
constexpr double rest_after_s = 0.25;  ///< a strip is made flat this long after its track is over
constexpr double largest_trim = 4.0;   ///< 12 dB either way

}  // namespace

bool same_file(const std::string& a, const std::string& b) {
    std::error_code ignored;
    return a == b || std::filesystem::weakly_canonical(a, ignored) == std::filesystem::weakly_canonical(b, ignored);
}

SetPlayer::SetPlayer(const std::vector<Section>& sections, Settings settings, Timeline& timeline, Orchestra& orchestra)
    : sections_{sections},
      settings_{std::move(settings)},
      timeline_{timeline},
      orchestra_{orchestra},
      mixing_{timeline, orchestra},
      chooser_{sections, settings_.choice},
      last_deck_{settings_.decks.back()} {
    for (const char deck : settings_.decks) {
        decks_[deck];
    }
    for (const auto& [section, why] : chooser_.left_out()) {
        orchestra_.report({SetlistEvent::Kind::skipped, '-', section, {}, {}, why});
    }
}

void SetPlayer::tick(const Now& now) {
    if (finished_) {
        return;
    }
    if (stopping_until_s_) {
        if (now.seconds >= *stopping_until_s_) {
            end_set("stopped");
        }
        return;
    }
    first_tick_s_ = first_tick_s_.value_or(now.seconds);
    if (!time_is_known(now) || now.seconds < *first_tick_s_ + gathering_s) {
        return;
    }
    timeline_.forget_before(now.frame);
    adopt(now);
    promote(now);
    retire(now);
    prepare(now);
    commit(now);
    confirm(now);
    for (std::optional<Run>* run : {&outgoing_, &current_}) {
        if (*run) {
            watch(**run, now);
        }
    }
    lost(now);
    break_silence(now);
    mixing_.follow_line(now);
}

bool SetPlayer::holds(const DeckReport& report, std::size_t section) const {
    return same_file(report.path, sections_[section].part_file);
}

bool SetPlayer::ready(const Now& now) const {
    return next_ && next_->stage == Stage::preparing && next_->cued &&
           (next_->measured || now.seconds > next_->asked_s + measure_patience_s);
}

/// A track without a beat gives no grid to start on: the line's own bars do. The last bar before its fade, so that
/// nothing is cut short; the fade itself where no bar is left.
SetTime SetPlayer::begin_after_beatless(JackFrame earliest) const {
    if (hurry_) {
        return timeline_.next_multiple(bar, earliest);
    }
    const JackFrame given = std::max(earliest, timeline_.frame_of(time_of(*current_, current_->begin_s)));
    const SetTime next = timeline_.next_multiple(bar, given);
    if (timeline_.frame_of(next) == given) {
        return next;
    }
    const SetTime before = timeline_.beats_later(next, -bar, current_->track_bpm);
    return timeline_.frame_of(before) >= earliest ? before : timeline_.at(given);
}

std::optional<SetTime> SetPlayer::begin_of_next(const Now& now) const {
    const JackFrame earliest = soonest(now);
    if (!current_) {
        return timeline_.next_multiple(bar, earliest);
    }
    if (sections_[current_->section].by_time) {
        return begin_after_beatless(earliest);
    }
    const JackFrame free =
        outgoing_ && mixing_.handover() ? std::max(earliest, timeline_.frame_of(mixing_.handover()->end)) : earliest;
    const SetTime planned = timeline_.on_grid(current_->start, current_->begin_s, current_->track_bpm);
    if (!hurry_ && timeline_.frame_of(planned) >= free) {
        return planned;
    }
    const SetTime bar_line = next_bar(*current_, free);
    return hurry_ && timeline_.frame_of(planned) >= free ? std::min(planned, bar_line) : bar_line;
}

void SetPlayer::commit(const Now& now) {
    // While one hand-over runs the next is not planned: its ramps belong to the strip that is still coming in.
    if (!ready(now) || outgoing_ || pausing_) {
        return;
    }
    next_->start = *begin_of_next(now);
    next_->stage = Stage::scheduled;
    next_->planned = timeline_.frame_of(next_->start);
    next_->start_beat = next_->start.at;
    next_->start_bpm = timeline_.bpm_at(next_->planned, {next_->track_bpm}).value;
    // The start first: should this process die here, the track still comes, and whoever follows brings it in.
    next_->asked_s = now.seconds;
    send_start(*next_);
    set_trim(*next_);
    const double handover_beats =
        current_ ? timeline_.beats_between(next_->start, end_of(*current_), current_->track_bpm) : 0.0;
    if (handover_beats < fewest_handover_beats) {
        mixing_.open(next_->deck, 0.05);
    } else {
        // A hand-over is as long as the section has it, and over before the incoming track gives the floor in turn.
        const double usual = (current_->end_s - current_->begin_s) * current_->track_bpm / 60.0;
        const double begin = next_->begin_s * next_->track_bpm / 60.0;
        const double room = std::max(begin - bar, begin / 2.0);
        const double beats = std::min({handover_beats, std::max(usual, fewest_handover_beats), room});
        const SetTime end = timeline_.beats_later(next_->start, beats, current_->track_bpm);
        const bool plain = sections_[current_->section].by_time || sections_[next_->section].by_time;
        mixing_.plan({current_->deck, next_->deck, next_->start, end, plain}, now);
        orchestra_.report(
            {SetlistEvent::Kind::handover, next_->deck, next_->section, next_->planned, timeline_.frame_of(end), {}});
    }
    hurry_ = false;
}

void SetPlayer::send_start(Run& run) {
    if (timeline_.has_line() && run.start.at > 0.0) {
        orchestra_.start_at_beat(run.deck, Beats{run.start.at});
    } else {
        orchestra_.start_at(run.deck, timeline_.frame_of(run.start), sections_[run.section].start_s);
    }
}

void SetPlayer::confirm(const Now& now) {
    if (!next_ || next_->stage != Stage::scheduled || now.seconds < next_->asked_s + command_patience_s) {
        return;
    }
    const auto& report = decks_[next_->deck].report;
    using State = DeckReport::State;
    if (report && (report->state == State::waiting || report->state == State::playing) &&
        holds(*report, next_->section)) {
        return;
    }
    // The deck forgot (it is another process by now): from the cue on, again.
    next_->stage = Stage::preparing;
    next_->cued = false;
    next_->asked_s = now.seconds;
    if (!outgoing_) {
        mixing_.finish();
    }
    cue(*next_, 0.0);
}

void SetPlayer::promote(const Now& now) {
    if (!next_ || next_->stage != Stage::scheduled || timeline_.frame_of(next_->start) > now.frame) {
        return;
    }
    if (current_ && !mixing_.handover()) {
        record(*current_, timeline_.frame_of(next_->start), "ended");
        mixing_.rest(current_->deck);
        orchestra_.stop(current_->deck, std::nullopt);
    } else if (current_) {
        outgoing_ = current_;
    }
    stop_sent_ = false;
    current_ = next_;
    current_->stage = Stage::playing;
    current_->planned = timeline_.frame_of(current_->start);
    next_.reset();
}

void SetPlayer::retire(const Now& now) {
    std::optional<Run>& ending = outgoing_ ? outgoing_ : current_;
    if (!ending || (!outgoing_ && !pausing_ && !(over_ && !next_))) {
        return;
    }
    const SetTime end = outgoing_ && mixing_.handover() ? mixing_.handover()->end : end_of(*ending);
    const JackFrame end_frame = timeline_.frame_of(end);
    if (!stop_sent_ && end_frame <= soonest(now)) {
        stop_sent_ = true;
        orchestra_.stop(ending->deck, end_frame);
    }
    if (now.frame < end_frame + to_frames({rest_after_s}, timeline_.rate())) {
        return;
    }
    record(*ending, end_frame, outgoing_ ? "handed over" : "ended");
    mixing_.rest(ending->deck);
    mixing_.finish();
    stop_sent_ = false;
    const bool was_last = !outgoing_;
    ending.reset();
    if (was_last && !pausing_) {
        end_set("all is played");
    }
}

void SetPlayer::set_trim(Run& run) {
    const auto lufs = run.measured ? run.measured->lufs : std::nullopt;
    const double gain = lufs ? std::pow(10.0, (settings_.target_lufs - *lufs) / 20.0) : 1.0;
    run.trim = static_cast<float>(std::clamp(gain, 1.0 / largest_trim, largest_trim));
    mixing_.trim(run.deck, run.trim);
}

void SetPlayer::record(const Run& run, JackFrame end, const std::string& how) {
    PlayedTrack track;
    track.deck = run.deck;
    track.section = run.section;
    track.start_frame = run.started.value_or(run.planned);
    track.end_frame = end;
    track.start_beat = run.start_beat;
    track.bpm = run.start_bpm;
    track.late = track.start_frame - run.planned;
    track.lufs = run.measured ? run.measured->lufs : std::nullopt;
    track.trim = run.trim;
    track.trend = run.trend;
    track.movement = run.movement;
    track.end = how;
    orchestra_.played(track);
}

}  // namespace crowdjack
