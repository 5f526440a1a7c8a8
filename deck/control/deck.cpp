// SPDX-License-Identifier: GPL-3.0-or-later
// A deck's track: cued, started, stopped, sought, looped.
#include "deck/control/deck.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "deck/control/start_window.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr double shortest_loop_s = 0.001;

/// A place behind the end is a mistake in the asking, but of a file that ends before it said so.
OscErrorCode beyond_end(TrackStream& stream) {
    const bool cut_off = stream.format().is_cut_off() || stream.windows().lost();
    return cut_off ? OscErrorCode::failed : OscErrorCode::bad_arguments;
}

OscError bad(const std::string& why) { return {OscErrorCode::bad_arguments, why}; }

OscError nothing_cued() { return {OscErrorCode::not_ready, "nothing is cued: send /deck/cue first"}; }

OscErrorCode code_of(const PathError& error) {
    return error.kind == PathError::Kind::not_found ? OscErrorCode::not_found : OscErrorCode::refused;
}

/// A track that opened, but not at the place asked for, is a mistake in the asking.
OscErrorCode code_of(const StreamBook::Owned& stream, double seconds) {
    const auto& source = stream->source();
    const bool beyond = source != nullptr && std::llround(seconds * source->format().rate) >= source->format().frames;
    return beyond ? beyond_end(*stream) : OscErrorCode::failed;
}

std::string why_refused(Refused::Why why) {
    switch (why) {
    case Refused::Why::nothing_cued:
        return "nothing is cued: send /deck/cue or /deck/stem/load first";
    case Refused::Why::no_line:
        return "no tempo line was heard yet: is a follower running?";
    case Refused::Why::no_stem:
        return "no stem is loaded in that slot: send /deck/stem/load first";
    }
    return "refused";
}

CommandSender::Declined decline(Deck::Failed failed) {
    return [failed = std::move(failed)](Refused::Why why) { failed(OscErrorCode::not_ready, why_refused(why)); };
}

PlaceSeeker::Failed refuse(Deck::Failed failed) {
    return [failed = std::move(failed)](const std::string& why) { failed(OscErrorCode::refused, why); };
}

}  // namespace

double rate_of(const Track& track) { return track.stream == nullptr ? 48000.0 : track.stream->format().rate; }

double length_s(const Track& track) {
    return track.stream == nullptr ? 0.0 : static_cast<double>(track.stream->windows().length()) / rate_of(track);
}

Deck::Deck(ClientShell& shell, DeckEngine& engine, const DeckOptions& options)
    : shell_{shell},
      engine_{engine},
      sender_{engine},
      folders_{options.music_folders},
      streams_{sender_},
      decoded_{std::make_shared<DecodedMemory>(options.decoded_memory)},
      pitch_{sender_, streams_},
      opener_{shell.loop(), engine.epoch(), decoded_},
      next_opener_{shell.loop(), engine.epoch(), decoded_},
      seeks_{shell.loop(), at::deck_seek},
      starts_{shell.loop(), at::deck_start},
      hotcues_{shell.loop(), at::deck_hotcue} {
    settings_.track_bpm = options.track_bpm;
    settings_.stretch = options.stretch;
    settings_.autoplay = options.autoplay;
    sender_.send(SetTrackBpm{options.track_bpm});
    if (!options.file.empty()) {
        folders_.add_folder_of(options.file);
    }
    for (std::size_t slot = 0; slot < stems_.size(); ++slot) {
        stem_openers_.push_back(std::make_unique<TrackOpener>(shell.loop(), engine.epoch(), decoded_));
        stem_seeks_.push_back(std::make_unique<PlaceSeeker>(shell.loop(), at::deck_stem_play));
    }
    look_calmly();
}

// ---- tracks ---------------------------------------------------------------------------------------------------------

std::filesystem::path Deck::allowed(const std::string& path) const {
    try {
        return folders_.existing(path);
    } catch (const PathError& error) {
        throw OscError{code_of(error), error.what()};
    }
}

void Deck::cue(const std::string& path, double seconds, std::optional<double> track_bpm, Finished finished,
               const Failed& failed) {
    const std::filesystem::path file = allowed(path);
    TrackOpener::Wish wish;
    wish.file = file;
    wish.start_s = seconds;
    wish.lookup = track_bpm ? GridLookup{} : grid_lookup_;
    wish.opened = [this, file, seconds, track_bpm, finished = std::move(finished),
                   failed](const TrackOpener::Result& result) {
        if (result.failure) {
            if (std::holds_alternative<Opening>(condition_)) {
                condition_ = Empty{};
            }
            log_event(LogLevel::warning, "cue-failed", {{"path", file.string()}, {"why", *result.failure}});
            failed(code_of(result.stream, seconds), *result.failure);
            shell_.osc().publish(OscMessage{at::deck_failed}.text(*result.failure));
            return;
        }
        cue_opened(result, file, seconds, track_bpm);
        finished();
        shell_.osc().publish(OscMessage{at::deck_ready}.text(file.string()));
    };
    wish.overtaken = [failed] {
        failed(OscErrorCode::refused, "another /deck/cue or /deck/eject came before it was open");
    };
    become_opening(file.string());
    opener_.open(std::move(wish));
}

void Deck::cue_opened(const TrackOpener::Result& result, const std::filesystem::path& file, double seconds,
                      std::optional<double> track_bpm) {
    Track track;
    track.stream = streams_.add(result.stream);
    track.path = file.string();
    track.cue_source = std::round(seconds * rate_of(track));
    if (!track.stream->windows().locked()) {
        log_event(LogLevel::warning, "windows-not-locked", {{"why", "memory lock limit"}, {"do", "raise ulimit -l"}});
    }
    if (result.grid && !track_bpm) {
        track_bpm = std::clamp(result.grid->bpm, 1.0, 1000.0);
        track.grid = {result.grid->first_beat_s, result.grid->source};
    } else if (track_bpm) {
        track.grid.source = "argument";
    }
    settings_.track_bpm = track_bpm.value_or(settings_.track_bpm);
    track.bpm = settings_.track_bpm;
    log_event(LogLevel::info, "cued",
              {{"path", track.path},
               {"seconds", seconds},
               {"bpm", track.bpm},
               {"bpm-source", track.grid.source.empty() ? "deck" : track.grid.source},
               {"beats-known", track.grid.first_beat_s.has_value()}});
    sender_.send(CueTrack{track.stream, track.cue_source, track_bpm, track.grid.first_beat_s});
    cue_number_ = sender_.sent();
    taken_up_.reset();
    arm_start(track, track.cue_source);
    cancel_seeks("another track was cued before the place was in memory");
    become_cued(std::move(track));
    expect_reports();
    shell_.state_changed();
}

void Deck::cancel_seeks(const std::string& why) {
    starts_.cancel(why);
    if (engine_.snapshot().state != DeckState::playing) {
        seeks_.cancel(why);
        hotcues_.cancel(why);
    }
}

const Track* Deck::newest() const {
    const Loaded* const there = loaded(condition_);
    return there == nullptr ? nullptr : there->next ? &*there->next : &there->track;
}

const Track* Deck::sounding() const {
    const Loaded* const there = loaded(condition_);
    return there == nullptr ? nullptr : &there->track;
}

Track& Deck::cued_or_playing() {
    Loaded* const there = loaded(condition_);
    if (there == nullptr || (!there->next && there->track.stream == nullptr)) {
        throw nothing_cued();
    }
    return there->next ? *there->next : there->track;
}

Track& Deck::required() {
    Loaded* const there = loaded(condition_);
    if (there == nullptr || there->track.stream == nullptr) {
        throw nothing_cued();
    }
    return there->track;
}

std::string Deck::cue_path() const {
    const Track* const track = newest();
    return track == nullptr ? std::string{} : track->path;
}

double Deck::cue_seconds() const {
    const Track* const track = newest();
    return track == nullptr ? 0.0 : track->cue_source / rate_of(*track);
}

SavedDeck::Grid Deck::cue_grid() const {
    const Track* const track = newest();
    return track == nullptr ? SavedDeck::Grid{} : track->grid;
}

double Deck::position_seconds() const {
    const Track* const track = sounding();
    return track == nullptr ? 0.0 : engine_.snapshot().source / rate_of(*track);
}

double Deck::checked_place(const Track& track, double seconds) const {
    const double length = length_s(track);
    if (seconds < 0.0 || seconds >= length) {
        throw OscError{seconds < 0.0 ? OscErrorCode::bad_arguments : beyond_end(*track.stream),
                       "the position " + std::to_string(seconds) + " s lies outside the track, which is " +
                           std::to_string(length) + " s long"};
    }
    return std::round(seconds * rate_of(track));
}

void Deck::mark_points(Track& track) {
    std::vector<std::int64_t> points{static_cast<std::int64_t>(track.cue_source)};
    for (const auto& [number, seconds] : track.hotcues) {
        points.push_back(static_cast<std::int64_t>(std::llround(seconds * rate_of(track))));
    }
    track.stream->set_points(std::move(points));
}

// ---- motion ---------------------------------------------------------------------------------------------------------

void Deck::require_server() const {
    if (!shell_.has_jack()) {
        throw OscError{OscErrorCode::not_ready, "there is no JACK server now: start jackd"};
    }
}

void Deck::start(std::optional<JackFrame> frame, std::optional<double> seconds, bool on_beat, Placed placed,
                 const Failed& failed) {
    require_server();
    const auto order = [this, frame, on_beat, placed = std::move(placed), failed](std::optional<double> source) {
        sender_.send(StartAt{frame, source, settings_.sync.value_or(on_beat)}, placed, decline(failed));
        expect_reports();
    };
    const Track* const track = newest();
    if (!seconds || track == nullptr || track->stream == nullptr) {
        order(std::nullopt);
        return;
    }
    const double source = checked_place(*track, *seconds);
    starts_.seek(
        streams_.find(track->stream), static_cast<std::int64_t>(source), [order, source] { order(source); },
        refuse(failed));
}

void Deck::start_on_beat(double quantum, Placed placed, Failed failed) {
    require_server();
    sender_.send(StartOnBeat{quantum, settings_.sync.value_or(true)}, std::move(placed), decline(std::move(failed)));
    expect_reports();
}

void Deck::stop(std::optional<JackFrame> frame, Placed placed, Failed failed) {
    starts_.cancel(std::string{at::deck_stop} + " came before the place was in memory");
    sender_.send(StopAt{frame}, std::move(placed), decline(std::move(failed)));
    expect_reports();
}

void Deck::eject() {
    opener_.cancel();
    next_opener_.cancel();
    const std::string why = std::string{at::deck_eject} + " came before the place was in memory";
    seeks_.cancel(why);
    starts_.cancel(why);
    hotcues_.cancel(why);
    sender_.send(Eject{});
    become_empty();
    for (std::size_t slot = 0; slot < stems_.size(); ++slot) {
        stem_openers_[slot]->cancel();
        stem_seeks_[slot]->cancel(why);
        missing_stems_[slot].reset();
        streams_.retire(std::exchange(stems_[slot], {}).stream);
    }
    motion_.reset();
    taken_up_.reset();
    expect_reports();
    shell_.state_changed();
}

void Deck::seek(double seconds, Finished finished, const Failed& failed) {
    Track& track = required();
    const double source = checked_place(track, seconds);
    seeks_.seek(
        streams_.find(track.stream), static_cast<std::int64_t>(source),
        [this, key = track.stream, source, finished = std::move(finished), failed] {
            const Track* const now = sounding();
            if (now == nullptr || now->stream != key) {
                failed(OscErrorCode::refused, "another track began before the place was in memory");
                return;
            }
            if (source >= static_cast<double>(key->windows().length())) {
                failed(OscErrorCode::failed, "the file ends before that place: it was cut off");
                return;
            }
            place_found(source);
            finished();
        },
        refuse(failed));
}

void Deck::place_found(double source) {
    sender_.send(SeekTo{source});
    arm_start(required(), source);
    left_cue();
    expect_reports();
    shell_.state_changed();
}

void Deck::nudge(double ms) {
    static_cast<void>(required());
    sender_.send(NudgeBy{ms * 1e-3});
    left_cue();
    expect_reports();
    shell_.state_changed();
}

void Deck::loop(std::optional<Trajectory::Loop> seconds) {
    Track& track = cued_or_playing();
    std::optional<Trajectory::Loop> frames;
    if (seconds) {
        const double length = static_cast<double>(track.stream->windows().length());
        frames = Trajectory::Loop{std::round(seconds->in * rate_of(track)),
                                  std::min(std::round(seconds->out * rate_of(track)), length)};
        if (seconds->in < 0.0 || frames->out - frames->in < shortest_loop_s * rate_of(track) ||
            seconds->out > length_s(track) + 1.0 / rate_of(track)) {
            throw bad("a loop from " + std::to_string(seconds->in) + " s to " + std::to_string(seconds->out) +
                      " s does not lie within the track of " + std::to_string(length_s(track)) +
                      " s, or is shorter than 1 ms");
        }
        track.stream->set_loop(
            ResidencyWants::Loop{static_cast<std::int64_t>(frames->in), static_cast<std::int64_t>(frames->out)});
    } else {
        track.stream->set_loop(std::nullopt);
    }
    track.loop = frames;
    sender_.send(SetLoop{frames});
    expect_reports();
    shell_.state_changed();
}

void Deck::loop_all() { loop(Trajectory::Loop{0.0, length_s(cued_or_playing())}); }

std::optional<Trajectory::Loop> Deck::loop_seconds() const {
    const Track* const track = newest();
    if (track == nullptr || track->stream == nullptr || !track->loop) {
        return std::nullopt;
    }
    return Trajectory::Loop{track->loop->in / rate_of(*track), track->loop->out / rate_of(*track)};
}

void Deck::hotcue(int number, std::optional<double> seconds, Finished finished, Failed failed) {
    Track& track = required();
    const auto known = track.hotcues.find(number);
    if (!seconds && known != track.hotcues.end()) {
        place_found(std::round(known->second * rate_of(track)));
        finished();
        return;
    }
    const double place = seconds ? checked_place(track, *seconds) : std::floor(engine_.snapshot().source);
    track.hotcues[number] = place / rate_of(track);
    mark_points(track);
    shell_.state_changed();
    hotcues_.seek(streams_.find(track.stream), static_cast<std::int64_t>(place), std::move(finished),
                  refuse(std::move(failed)));
}

}  // namespace crowdjack
