// SPDX-License-Identifier: GPL-3.0-or-later
// What a deck remembers over its own end, and how it takes up its life again.
#include "common/error.hpp"
#include "common/log.hpp"
#include "deck/control/deck.hpp"
#include "deck/control/steady_time.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr double opening_allowance_s = 0.05;  // the window is opened about where the playhead will be

/// The saved motion in today's frames.
Trajectory motion_of(const SavedDeck& saved, std::optional<Frames> shift, double server_rate) {
    Trajectory motion;
    motion.anchor_source = saved.anchor_source;
    motion.anchor_beat = saved.anchor_beat;
    motion.anchor_frame = saved.anchor_frame + shift.value_or(Frames{0});
    motion.track_bpm = saved.track_bpm;
    motion.file_rate = saved.file_rate;
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

}  // namespace

std::string Deck::save() const {
    if (to_restore_) {
        return to_text(*to_restore_);  // the audio thread has not taken it up yet: nothing newer is known
    }
    SavedDeck saved;
    const DeckSnapshot now = engine_.snapshot();
    saved.path = track_.path;
    saved.cue_source = track_.cue_source;
    saved.rest_source = std::max(0.0, now.source);
    saved.file_rate = track_.stream != nullptr ? rate_of(track_) : 48000.0;
    saved.server_rate = shell_.has_jack() ? shell_.jack().format().rate : 48000.0;
    if (motion_) {
        const Trajectory& motion = motion_->mix.motion;
        saved.playing = motion_->playing;
        saved.anchor_frame = motion.anchor_frame;
        saved.anchor_beat = motion.anchor_beat;
        saved.anchor_source = motion.anchor_source;
        saved.on_line = motion.on_line();
        saved.server_rate = motion.server_rate;
    }
    saved.clock_frame = shell_.has_jack() ? shell_.jack().last_frame() : now.frame;
    saved.clock_s = steady_seconds();
    saved.gain = settings_.gain;
    saved.rate = settings_.rate;
    // What plays has its own tempo until the next track, cued with another, begins.
    saved.track_bpm = motion_ && motion_->playing ? motion_->mix.motion.track_bpm : settings_.track_bpm;
    saved.follow = settings_.follow;
    saved.stretch = stretch_name(settings_.stretch);
    saved.loop = track_.loop;
    saved.hotcues = track_.hotcues;
    saved.line_sender = lines_.sender();
    saved.lines = lines_.lines();
    for (std::size_t slot = 0; slot < stems_.size(); ++slot) {
        const Stem& stem = stems_.at(slot);
        if (stem.stream != nullptr) {
            const bool known = motion_ && motion_->mix.stems.at(slot).stream == stem.stream;
            const bool playing = known && motion_->mix.stems.at(slot).sounds();
            const double offset = known ? motion_->mix.stems.at(slot).offset : 0.0;
            saved.stems.push_back({slot, stem.path, stem.name, stem.rate, stem.gain, stem.loop, playing, offset});
        }
    }
    return to_text(saved);
}

void Deck::restore(const std::string& text) {
    SavedDeck saved = parse_saved_deck(text);
    settings_.stretch = parse_stretch(saved.stretch);
    gain(saved.gain, 0.0);
    rate(saved.rate);
    track_bpm(saved.track_bpm);
    follow(saved.follow);
    if (!saved.path.empty()) {
        folders_.add_folder_of(saved.path);
    }
    for (const SavedDeck::Stem& stem : saved.stems) {
        folders_.add_folder_of(stem.path);
    }
    to_restore_ = std::move(saved);
}

void Deck::finish_restore() {
    // Only when cycles run is it known where the server's clock stands.
    if (!to_restore_ || restoring_ || !shell_.has_jack() || shell_.jack().cycles() == 0) {
        return;
    }
    restoring_ = true;
    SavedDeck saved = *to_restore_;
    const double rate = shell_.jack().format().rate;
    const JackFrame now = shell_.jack().last_frame();
    const auto shift = same_run_shift(saved, now, steady_seconds(), rate);
    if (shift && lines_.lines().empty()) {
        std::transform(saved.lines.begin(), saved.lines.end(), saved.lines.begin(),
                       [&](const NumberedLine& line) { return shifted(line, *shift); });
        lines_.restore(saved.line_sender, saved.lines);
        for (const NumberedLine& line : saved.lines) {
            sender_.send(TakeLine{line.line, false});
        }
    }
    if (saved.path.empty()) {
        restore_stems(saved, false);
        to_restore_.reset();
        return;
    }
    Trajectory motion = motion_of(saved, shift, rate);
    double source = saved.rest_source;
    if (saved.playing) {
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
    open_stream(saved.path, std::max(0.0, source / saved.file_rate),
                [this, saved, motion, same_run = shift.has_value()](const StreamBook::Owned& stream,
                                                                    const std::optional<std::string>& failure) {
                    if (failure) {
                        to_restore_.reset();
                        log_event(LogLevel::warning, "restore-failed", {{"path", saved.path}, {"why", *failure}});
                        return;
                    }
                    take_up(streams_.add(stream), saved, motion, same_run);
                });
}

void Deck::take_up(TrackStream* stream, const SavedDeck& saved, const Trajectory& motion, bool same_run) {
    track_ = Track{};
    track_.stream = stream;
    track_.path = saved.path;
    track_.cue_source = saved.cue_source;
    track_.loop = saved.loop;
    if (track_.loop) {  // the file may be shorter than it was
        track_.loop->out = std::min(track_.loop->out, static_cast<double>(stream->windows().length()));
        if (track_.loop->out <= track_.loop->in) {
            track_.loop.reset();
        }
    }
    track_.hotcues = saved.hotcues;
    mark_points(track_);
    if (track_.loop) {
        stream->set_loop(ResidencyWants::Loop{static_cast<std::int64_t>(track_.loop->in),
                                              static_cast<std::int64_t>(track_.loop->out)});
    }
    Trajectory within = motion;
    within.loop = track_.loop;
    const bool await_line = !same_run && saved.on_line;
    sender_.send(Resume{stream, within, saved.cue_source, saved.playing, await_line, same_run});
    restore_stems(saved, true);
    log_event(LogLevel::info, "resumed", {{"path", saved.path}, {"playing", saved.playing}, {"same-server", same_run}});
    expect_reports();
    state_changed();
}

void Deck::restore_stems(const SavedDeck& saved, bool in_place) {
    for (const SavedDeck::Stem& stem : saved.stems) {
        const std::uint64_t number = ++stem_numbers_.at(stem.slot);
        open_stream(
            stem.path, 0.0,
            [this, stem, number, in_place](const StreamBook::Owned& stream, const std::optional<std::string>& failure) {
                if (failure || number != stem_numbers_.at(stem.slot)) {
                    log_event(LogLevel::warning, "stem-not-restored",
                              {{"path", stem.path}, {"why", failure.value_or("replaced")}});
                    return;
                }
                TrackStream* const key = streams_.add(stream);
                stems_.at(stem.slot) = {stem.path, stem.name, stem.rate, stem.gain, stem.loop, key};
                if (stem.loop) {
                    key->set_loop(ResidencyWants::Loop{0, key->windows().length()});
                }
                sender_.send(PlaceStem{stem.slot, key, stem.rate, static_cast<float>(stem.gain), stem.loop, stem.offset,
                                       stem.playing && in_place});
                expect_reports();
            });
    }
}

}  // namespace crowdjack
