// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/control/deck.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "deck/control/steady_time.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

using std::chrono::milliseconds;

constexpr double default_ramp_s = 0.01;
constexpr double shortest_loop_s = 0.001;

/// A place behind the end is a mistake in the asking, but of a file that ends before it said so.
OscErrorCode beyond_end(TrackStream& stream) {
    const bool cut_off = stream.format().is_cut_off() || stream.windows().lost();
    return cut_off ? OscErrorCode::failed : OscErrorCode::bad_arguments;
}

OscError bad(const std::string& why) { return {OscErrorCode::bad_arguments, why}; }

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

}  // namespace

Deck::Deck(ClientShell& shell, DeckEngine& engine, const DeckOptions& options)
    : shell_{shell},
      engine_{engine},
      sender_{engine},
      folders_{options.music_folders},
      streams_{sender_},
      decoded_{std::make_shared<DecodedMemory>(options.decoded_memory)},
      pitch_{sender_, streams_} {
    settings_.track_bpm = options.track_bpm;
    settings_.stretch = options.stretch;
    sender_.send(SetTrackBpm{options.track_bpm});
    if (!options.file.empty()) {
        folders_.add_folder_of(options.file);
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
               Failed failed) {
    const std::filesystem::path file = allowed(path);
    if (cue_failed_) {
        std::exchange(cue_failed_, nullptr)(OscErrorCode::refused, "another /deck/cue came before it was open");
    }
    cue_failed_ = failed;
    const std::uint64_t number = ++cue_number_;
    open_stream(file, seconds,
                [this, number, file, seconds, track_bpm, finished = std::move(finished), failed = std::move(failed)](
                    const StreamBook::Owned& stream, const std::optional<std::string>& failure) {
                    if (number != cue_number_) {
                        return;
                    }
                    cue_failed_ = nullptr;
                    if (failure) {
                        log_event(LogLevel::warning, "cue-failed", {{"path", file.string()}, {"why", *failure}});
                        failed(code_of(stream, seconds), *failure);
                        shell_.osc().publish(OscMessage{"/deck/failed"}.text(*failure));
                        return;
                    }
                    Track track;
                    track.stream = streams_.add(stream);
                    track.path = file.string();
                    cue_opened(std::move(track), seconds, track_bpm);
                    finished();
                    shell_.osc().publish(OscMessage{"/deck/ready"}.text(file.string()));
                });
}

void Deck::open_stream(const std::filesystem::path& file, double start_s, StreamOpened opened) {
    auto holder = std::make_shared<StreamBook::Owned>();
    const auto post = [loop = &shell_.loop(), holder, opened = std::move(opened)](std::optional<std::string> failure) {
        loop->post(
            [holder, opened, failure = std::move(failure)] { opened(std::exchange(*holder, nullptr), failure); });
    };
    *holder = std::make_shared<TrackStream>([file, memory = decoded_] { return open_sample_source(file, memory); },
                                            start_s, engine_.epoch(), post);
}

void Deck::cue_opened(Track track, double seconds, std::optional<double> track_bpm) {
    track.cue_source = std::round(seconds * rate_of(track));
    if (!track.stream->windows().locked()) {
        log_event(LogLevel::warning, "windows-not-locked", {{"why", "memory lock limit"}, {"do", "raise ulimit -l"}});
    }
    sender_.send(CueTrack{track.stream, track.cue_source, track_bpm});
    if (track_bpm) {
        settings_.track_bpm = *track_bpm;
    }
    if (next_) {
        streams_.retire(next_->stream);
    }
    if (engine_.snapshot().state == DeckState::playing && track_.stream != nullptr) {
        next_ = std::move(track);
    } else {
        streams_.retire(std::exchange(track_, std::move(track)).stream);
        next_.reset();
        just_cued_ = true;
    }
    expect_reports();
    state_changed();
}

Deck::Track& Deck::current() { return next_ ? *next_ : track_; }
const Deck::Track& Deck::current() const { return next_ ? *next_ : track_; }

Deck::Track& Deck::required() {
    if (track_.stream == nullptr) {
        throw OscError{OscErrorCode::not_ready, "nothing is cued: send /deck/cue first"};
    }
    return track_;
}

double Deck::rate_of(const Track& track) const { return track.stream->format().rate; }

double Deck::length_s(const Track& track) const {
    return track.stream == nullptr ? 0.0 : static_cast<double>(track.stream->windows().length()) / rate_of(track);
}

double Deck::cue_seconds() const {
    return current().stream == nullptr ? 0.0 : current().cue_source / rate_of(current());
}

double Deck::position_seconds() const {
    return track_.stream == nullptr ? 0.0 : engine_.snapshot().source / rate_of(track_);
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

void Deck::start(std::optional<JackFrame> frame, std::optional<double> seconds, Placed placed, Failed failed) {
    require_server();
    const auto order = [this, frame, placed = std::move(placed),
                        failed = std::move(failed)](std::optional<double> source) {
        sender_.send(StartAt{frame, source}, placed, decline(failed));
        expect_reports();
    };
    if (!seconds || current().stream == nullptr) {
        order(std::nullopt);
        return;
    }
    const double source = checked_place(current(), *seconds);
    current().stream->seek_ahead(static_cast<std::int64_t>(source), [loop = &shell_.loop(), order, source] {
        loop->post([order, source] { order(source); });
    });
}

void Deck::start_on_beat(double quantum, Placed placed, Failed failed) {
    require_server();
    sender_.send(StartOnBeat{quantum}, std::move(placed), decline(std::move(failed)));
    expect_reports();
}

void Deck::stop(std::optional<JackFrame> frame, Placed placed, Failed failed) {
    sender_.send(StopAt{frame}, std::move(placed), decline(std::move(failed)));
    expect_reports();
}

void Deck::eject() {
    ++cue_number_;
    if (cue_failed_) {
        std::exchange(cue_failed_, nullptr)(OscErrorCode::refused, "/deck/eject came before it was open");
    }
    just_cued_ = false;
    sender_.send(Eject{});
    streams_.retire(std::exchange(track_, {}).stream);
    if (next_) {
        streams_.retire(next_->stream);
        next_.reset();
    }
    for (std::size_t slot = 0; slot < stems_.size(); ++slot) {
        ++stem_numbers_[slot];
        streams_.retire(std::exchange(stems_[slot], {}).stream);
    }
    expect_reports();
    state_changed();
}

void Deck::seek(double seconds, Finished finished, Failed failed) {
    const double source = checked_place(required(), seconds);
    const auto arrived = [this, key = track_.stream, seconds, source, finished = std::move(finished),
                          failed = std::move(failed)] {
        if (key == track_.stream && source >= static_cast<double>(key->windows().length())) {
            failed(OscErrorCode::failed, "the file ends before " + std::to_string(seconds) + " s: it was cut off");
            return;
        }
        if (key == track_.stream) {
            sender_.send(SeekTo{source});
            key->set_armed(static_cast<std::int64_t>(source));
            expect_reports();
        }
        finished();
    };
    streams_.find(track_.stream)->seek_ahead(static_cast<std::int64_t>(source), [loop = &shell_.loop(), arrived] {
        loop->post(arrived);
    });
}

void Deck::nudge(double ms) {
    static_cast<void>(required());
    sender_.send(NudgeBy{ms * 1e-3});
    expect_reports();
}

void Deck::loop(std::optional<Trajectory::Loop> seconds) {
    Track& track = current();
    if (track.stream == nullptr) {
        throw OscError{OscErrorCode::not_ready, "nothing is cued: send /deck/cue first"};
    }
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
    state_changed();
}

void Deck::loop_all() { loop(Trajectory::Loop{0.0, length_s(current())}); }

std::optional<Trajectory::Loop> Deck::loop_seconds() const {
    const Track& track = current();
    if (track.stream == nullptr || !track.loop) {
        return std::nullopt;
    }
    return Trajectory::Loop{track.loop->in / rate_of(track), track.loop->out / rate_of(track)};
}

void Deck::hotcue(int number, std::optional<double> seconds, Finished finished) {
    Track& track = required();
    const auto known = track.hotcues.find(number);
    if (!seconds && known != track.hotcues.end()) {
        sender_.send(SeekTo{std::round(known->second * rate_of(track))});
        expect_reports();
        finished();
        return;
    }
    const double place = seconds ? checked_place(track, *seconds) : std::floor(engine_.snapshot().source);
    track.hotcues[number] = place / rate_of(track);
    mark_points(track);
    state_changed();
    track.stream->seek_ahead(static_cast<std::int64_t>(place),
                             [loop = &shell_.loop(), finished = std::move(finished)] { loop->post(finished); });
}

// ---- parameters -----------------------------------------------------------------------------------------------------

void Deck::gain(double linear, std::optional<double> ramp_s) {
    sender_.send(SetGain{static_cast<float>(linear), ramp_s.value_or(default_ramp_s), !ramp_s});
    settings_.gain = linear;
    state_changed();
}

void Deck::rate(double ratio) {
    sender_.send(SetRate{ratio});
    settings_.rate = ratio;
    expect_reports();
    state_changed();
}

void Deck::track_bpm(double bpm) {
    sender_.send(SetTrackBpm{bpm});
    settings_.track_bpm = bpm;
    expect_reports();
    state_changed();
}

void Deck::follow(bool on) {
    sender_.send(SetFollow{on});
    settings_.follow = on;
    expect_reports();
    state_changed();
}

void Deck::stretch(const std::string& method) {
    try {
        settings_.stretch = parse_stretch(method);
    } catch (const UsageError& error) {
        throw bad(error.what());
    }
    if (shell_.has_jack()) {
        pitch_.use(settings_.stretch);
        expect_reports();
    }
    state_changed();
}

void Deck::take_line(const std::string& sender, const NumberedLine& line) {
    const LineIntake::Verdict verdict = lines_.hear(sender, line, steady_seconds());
    if (verdict == LineIntake::Verdict::known) {
        return;
    }
    sender_.send(TakeLine{line.line, verdict == LineIntake::Verdict::renumber});
    log_event(LogLevel::debug, "tempo-line",
              {{"serial", line.serial}, {"from", line.line.from().value}, {"bpm", line.line.to_bpm().value}});
    expect_reports();
    state_changed();
}

}  // namespace crowdjack
