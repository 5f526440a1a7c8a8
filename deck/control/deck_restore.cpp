// SPDX-License-Identifier: GPL-3.0-or-later
// How a deck takes up what was saved: as if it had never stopped, or just as it was saved; and what it can't take up
// now, as soon as it can.
#include "common/error.hpp"
#include "common/log.hpp"
#include "deck/control/deck.hpp"
#include "deck/control/start_window.hpp"
#include "deck/control/steady_time.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr double opening_allowance_s = 0.05;  // the window is opened about where the playhead will be
constexpr auto next_try = std::chrono::seconds{2};
constexpr double opening_progress = 0.3;

/// The saved motion in today's frames.
Trajectory motion_of(const SavedDeck& saved, std::optional<Frames> shift, double server_rate) {
    Trajectory motion;
    motion.anchor_source = saved.anchor_source;
    motion.anchor_beat = saved.anchor_beat;
    motion.anchor_frame = saved.anchor_frame + shift.value_or(Frames{0});
    motion.track_bpm = saved.track_bpm;
    motion.file_rate = saved.path.empty() ? server_rate : saved.file_rate;
    motion.server_rate = server_rate;
    motion.rate = saved.rate;
    motion.follow = saved.follow;
    motion.loop = saved.loop;
    return motion;
}

NumberedLine shifted(const NumberedLine& line, Frames by) {
    return {line.serial, TempoLine{line.line.from() + by, line.line.start_beat(), line.line.from_bpm(),
                                   line.line.to() + by, line.line.to_bpm(), line.line.frames_per_second()}};
}

/// A deck that stood still with another track cued goes on with that one: its next start would have played it.
void prefer_next(SavedDeck& saved) {
    if (saved.playing || !saved.next) {
        return;
    }
    const SavedDeck::Next next = *std::exchange(saved.next, std::nullopt);
    saved.path = next.path;
    saved.track_bpm = next.track_bpm;
    saved.grid = next.grid;
    saved.cue_source = saved.rest_source = next.cue_s * saved.file_rate;
    saved.ended = false;
    saved.loop.reset();
    if (next.loop) {
        saved.loop = Trajectory::Loop{next.loop->in * saved.file_rate, next.loop->out * saved.file_rate};
    }
    saved.hotcues.clear();
}

}  // namespace

void Deck::restore(const std::string& text) { begin_restore(text, true); }

void Deck::open_saved(const std::string& text) { begin_restore(text, false); }

void Deck::begin_restore(const std::string& text, bool never_stopped) {
    SavedDeck saved = parse_saved_deck(text);
    const StretchMethod method = parse_stretch(saved.stretch);
    eject();
    take_settings(saved);
    settings_.stretch = method;
    if (shell_.has_jack()) {
        pitch_.use(method);
    }
    if (!saved.path.empty()) {
        folders_.add_folder_of(saved.path);
    }
    for (const SavedDeck::Stem& stem : saved.stems) {
        folders_.add_folder_of(stem.path);
    }
    has_past_ = !saved.path.empty() || !saved.stems.empty();
    condition_ = Restoring{std::move(saved), text, never_stopped, false};
    look_after(std::chrono::milliseconds{1});
}

void Deck::take_settings(const SavedDeck& saved) {
    settings_.gain = saved.gain;
    settings_.rate = saved.rate;
    settings_.track_bpm = saved.track_bpm;
    settings_.follow = saved.follow;
    settings_.sync = saved.sync;
    settings_.autoplay = settings_.autoplay || saved.autoplay;
    sender_.send(SetGain{static_cast<float>(saved.gain), 0.0, false});
    sender_.send(SetRate{saved.rate});
    sender_.send(SetTrackBpm{saved.track_bpm});
    sender_.send(SetFollow{saved.follow});
}

bool Deck::needs_server(const Restoring& restoring) const {
    const bool plays = restoring.saved.playing && (restoring.never_stopped || settings_.autoplay);
    // Only when cycles run is it known where the server's clock stands.
    const bool clock_known = shell_.has_jack() && shell_.jack().cycles() > 0;
    return (plays || restoring.never_stopped) && !clock_known;
}

bool Deck::opening() const {
    const auto* const restoring = std::get_if<Restoring>(&condition_);
    return restoring != nullptr && !needs_server(*restoring);
}

/// What is to sound needs a server; what only stands there does not.
void Deck::finish_restore() {
    auto* const restoring = std::get_if<Restoring>(&condition_);
    if (restoring == nullptr || restoring->under_way) {
        return;
    }
    if (needs_server(*restoring) || opener_.busy()) {  // what its user cues meanwhile comes first
        return;
    }
    restoring->under_way = true;
    shell_.show_progress(opening_progress);
    restore_motion(*restoring);
}

void Deck::restore_motion(const Restoring& restoring) {
    SavedDeck saved = restoring.saved;
    const bool clock_known = shell_.has_jack() && shell_.jack().cycles() > 0;
    const double rate = shell_.has_jack() ? shell_.jack().format().rate : saved.server_rate;
    const JackFrame now = shell_.has_jack() ? shell_.jack().last_frame() : JackFrame{};
    std::optional<Frames> shift;
    if (restoring.never_stopped && clock_known) {
        shift = same_run_shift(saved, now, steady_seconds(), rate);
    }
    if (shift && lines_.lines().empty()) {
        std::transform(saved.lines.begin(), saved.lines.end(), saved.lines.begin(),
                       [&](const NumberedLine& line) { return shifted(line, *shift); });
        lines_.restore(saved.line_sender, saved.lines);
        for (const NumberedLine& line : saved.lines) {
            sender_.send(TakeLine{line.line, false});
        }
    }
    Trajectory motion = motion_of(saved, shift, rate);
    double source = saved.rest_source;
    if (saved.playing && restoring.never_stopped) {
        source = saved.anchor_source;
        if (shift) {
            for (const NumberedLine& line : lines_.lines()) {
                motion.tempo.add(line.line);
            }
            source = motion.fold(motion.source_at(static_cast<double>(now.value) + opening_allowance_s * rate));
        }
    } else {
        motion.anchor_source = saved.rest_source;
    }
    if (saved.path.empty()) {
        take_up({}, motion, shift.has_value());
        return;
    }
    open_saved_track(motion, std::max(0.0, source / saved.file_rate), shift.has_value());
}

void Deck::open_saved_track(const Trajectory& motion, double start_s, bool same_run) {
    const auto* const restoring = std::get_if<Restoring>(&condition_);
    const auto* const missing = std::get_if<Missing>(&condition_);
    if (restoring == nullptr && missing == nullptr) {
        return;  // something else was cued meanwhile
    }
    SavedDeck saved = restoring != nullptr ? restoring->saved : missing->saved;
    TrackOpener::Wish wish;
    if (restoring == nullptr || !restoring->never_stopped) {
        prefer_next(saved);
    }
    wish.file = saved.path;
    wish.start_s = start_s;
    wish.opened = [this, motion, start_s, same_run](const TrackOpener::Result& result) {
        const auto& source = result.stream == nullptr ? nullptr : result.stream->source();
        const bool beyond = result.failure && source != nullptr &&
                            start_s * source->format().rate >= static_cast<double>(source->format().frames) - 1.0;
        if (beyond && start_s > 0.0) {  // the track is shorter than where it stood: it has ended there
            open_saved_track(motion, 0.0, same_run);
            return;
        }
        saved_track_opened(result, motion, same_run);
    };
    wish.overtaken = [this] {  // should what came instead not open, it is this one's turn again
        if (auto* const waits = std::get_if<Restoring>(&condition_)) {
            waits->under_way = false;
        } else if (std::get_if<Missing>(&condition_) != nullptr) {
            try_missing_again();
        }
    };
    opener_.open(std::move(wish));
}

void Deck::saved_track_opened(const TrackOpener::Result& result, const Trajectory& motion, bool same_run) {
    const bool still = std::holds_alternative<Restoring>(condition_) || std::holds_alternative<Missing>(condition_);
    if (!still) {
        return;  // something else was cued meanwhile
    }
    shell_.show_progress(1.0);
    if (result.failure) {
        go_missing(*result.failure);
    } else {
        take_up(result, motion, same_run);
    }
}

void Deck::go_missing(const std::string& why) {
    if (auto* const restoring = std::get_if<Restoring>(&condition_)) {
        condition_ = Missing{std::move(restoring->saved), std::move(restoring->text), {}};
    }
    auto& missing = std::get<Missing>(condition_);
    if (std::exchange(missing.why, why) != why) {
        const std::string text = "missing " + missing.saved.path;
        log_event(LogLevel::warning, "track-missing",
                  {{"path", missing.saved.path}, {"why", why}, {"do", "kept as it was saved, and tried again"}});
        shell_.tell_manager(3, text + ": " + why);
        shell_.osc().publish(OscMessage{at::deck_failed}.text(text + ": " + why));
        shell_.osc().publish(state_message());
        shell_.state_moved();
    }
    try_missing_again();
}

Track Deck::track_of(const SavedDeck& saved, TrackStream* stream) const {
    Track track;
    track.stream = stream;
    track.path = saved.path;
    track.bpm = saved.track_bpm;
    track.grid = saved.grid;
    if (stream == nullptr) {
        return track;
    }
    const auto length = static_cast<double>(stream->windows().length());
    track.cue_source = saved.cue_source < length ? saved.cue_source : 0.0;
    if (saved.loop && saved.loop->in < length) {
        track.loop = Trajectory::Loop{saved.loop->in, std::min(saved.loop->out, length)};
    }
    for (const auto& [number, seconds] : saved.hotcues) {
        if (seconds * rate_of(track) < length) {
            track.hotcues[number] = seconds;
        } else {
            log_event(LogLevel::warning, "hotcue-dropped",
                      {{"number", number}, {"seconds", seconds}, {"why", "the track ends before it"}});
        }
    }
    return track;
}

/// Where a track that is open again is to stand, or play: never beyond its end.
Deck::Place Deck::place_of(const SavedDeck& saved, const Track& track, Trajectory motion, bool plays,
                           bool same_run) const {
    Place place{motion, plays, saved.ended};
    if (track.stream == nullptr) {
        return place;
    }
    place.motion.loop = track.loop;
    const auto length = static_cast<double>(track.stream->windows().length());
    if (plays && same_run) {
        const auto now = static_cast<double>(shell_.jack().last_frame().value);
        place.ended = place.motion.fold(place.motion.source_at(now)) >= length;  // it would have ended meanwhile
        place.plays = !place.ended;
    }
    if (!place.plays) {
        place.ended = place.ended || saved.rest_source >= length;
        place.motion.anchor_source = place.ended ? track.cue_source : saved.rest_source;
    }
    return place;
}

void Deck::take_up(const TrackOpener::Result& result, const Trajectory& motion, bool same_run) {
    const auto* const restoring = std::get_if<Restoring>(&condition_);
    const bool never_stopped = restoring != nullptr && restoring->never_stopped;
    SavedDeck saved = restoring != nullptr ? restoring->saved : std::get<Missing>(condition_).saved;
    taken_up_ = TakenUp{saved, restoring != nullptr ? restoring->text : std::get<Missing>(condition_).text};
    if (!never_stopped) {
        prefer_next(saved);
    }
    TrackStream* const stream = result.stream == nullptr ? nullptr : streams_.add(result.stream);
    Track track = track_of(saved, stream);
    const Place place = place_of(saved, track, motion, saved.playing && never_stopped, same_run);
    const bool await_line = place.plays && !same_run && saved.on_line;
    const bool autostart =
        !never_stopped && restoring != nullptr && saved.playing && settings_.autoplay && !place.ended;
    const Resume resume{stream,     place.motion, track.cue_source, place.plays,
                        await_line, same_run,     place.ended,      track.grid.first_beat_s};
    if (stream != nullptr && !place.plays) {
        arm_start(track, place.motion.anchor_source);
    }
    become_restored({std::move(track), std::nullopt, saved.next}, place);
    log_event(LogLevel::info, never_stopped ? "resumed" : "opened",
              {{"path", saved.path}, {"playing", place.plays}, {"same-server", same_run}});
    const auto go_on = [this, resume, saved, same_run, autostart] {
        if (resume.stream != nullptr || resume.playing) {
            sender_.send(resume);
            cue_number_ = sender_.sent();
        }
        if (taken_up_) {  // nothing else was cued meanwhile
            taken_up_->command = sender_.sent();
        }
        if (resume.playing) {
            cue_wanted([this, saved, same_run] { order_saved_start(saved, same_run); });
        } else if (same_run) {
            order_saved_start(saved, same_run);
        } else if (autostart) {
            start(
                std::nullopt, std::nullopt, false, [](JackFrame) {}, [](OscErrorCode, const std::string&) {});
        }
        expect_reports();
        shell_.state_moved();
    };
    if (stream != nullptr) {
        go_on();
        restore_stems(saved, place.plays, {});
    } else {  // stems alone: they begin together, and a deck without any would stop at once
        restore_stems(saved, place.plays, go_on);
    }
}

/// Until it is back, or something else took its place.
void Deck::try_missing_again() {
    if (std::exchange(trying_again_, true)) {
        return;
    }
    shell_.loop().after(next_try, [this] {
        trying_again_ = false;
        if (const auto* const missing = std::get_if<Missing>(&condition_); missing != nullptr && !opener_.busy()) {
            const double rate = shell_.has_jack() ? shell_.jack().format().rate : missing->saved.server_rate;
            Trajectory motion = motion_of(missing->saved, std::nullopt, rate);
            motion.anchor_source = missing->saved.rest_source;
            open_saved_track(motion, missing->saved.rest_source / missing->saved.file_rate, false);
        }
        for (std::size_t slot = 0; slot < missing_stems_.size(); ++slot) {
            if (missing_stems_[slot] && stems_[slot].stream == nullptr && !stem_openers_[slot]->busy()) {
                restore_stem(*missing_stems_[slot], false, {});
            }
        }
    });
}

}  // namespace crowdjack
