// SPDX-License-Identifier: GPL-3.0-or-later
// How the deck's control side listens to its audio thread and tells the world.
#include "common/deck_names.hpp"
#include "common/log.hpp"
#include "common/protocol/deck_messages.hpp"
#include "deck/control/deck.hpp"
#include "deck/control/start_window.hpp"
#include "deck/control/state_names.hpp"
#include "deck/control/steady_time.hpp"

#include <jack/thread.h>

#include <chrono>
#include <utility>
#include <variant>

namespace crowdjack {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds calmest_period{500};  // nobody listens and nothing is about to happen
// The state is told, a stretcher is to learn of a motion, or the next track's start noticed.
constexpr milliseconds watchful_period{100};
constexpr milliseconds expectant_period{50};
constexpr double shortest_telling_s = 0.075;  // between two states: ten a second, whatever else is looked for
constexpr milliseconds eager_period{2};
constexpr int eager_rounds = 100;  // then the expectant period is soon enough
constexpr milliseconds silence_look{5};
constexpr int most_silence_looks = 280;  // 1.4 s: longer, and the program would be ended in the middle of it

}  // namespace

/// Everything wakes this loop but the audio thread, which makes no system calls: its reports are fetched.
void Deck::look_calmly() {
    if (!shell_.has_jack()) {
        engine_.process_idle();
    }
    finish_restore();
    drain();
    pitch_.tell(steady_seconds());
    const bool heard = shell_.osc().has_subscribers();
    if (const double now = steady_seconds(); heard && now - told_at_ >= shortest_telling_s) {
        told_at_ = now;
        publish_state();
    }
    const bool expectant = sender_.is_waiting() || taken_up_ || engine_.snapshot().state == DeckState::waiting ||
                           std::holds_alternative<Restoring>(condition_) || !shell_.has_jack();
    const Loaded* const there = loaded(condition_);
    const bool watchful = heard || (there != nullptr && there->next) || pitch_.method() != StretchMethod::rate;
    look_after(expectant ? expectant_period : watchful ? watchful_period : calmest_period);
}

void Deck::look_after(milliseconds period) {
    shell_.loop().cancel(next_look_);
    next_look_ = shell_.loop().at_next(period, [this] { look_calmly(); });
}

void Deck::expect_reports() {
    if (!shell_.has_jack()) {
        engine_.process_idle();
    }
    eager_left_ = eager_rounds;
    if (!std::exchange(eager_, true)) {
        shell_.loop().after(eager_period, [this] { look_eagerly(); });
    }
}

void Deck::look_eagerly() {
    drain();
    eager_ = --eager_left_ > 0 && (sender_.is_waiting() || taken_up_ || pitch_.method() != StretchMethod::rate);
    if (eager_) {
        shell_.loop().after(eager_period, [this] { look_eagerly(); });
    } else {
        look_after(expectant_period);  // a start that was answered may wait for its frame: its state is known now
    }
}

void Deck::drain() {
    sender_.flush();
    const bool was_counted =
        taken_up_ && std::exchange(taken_up_->counted, engine_.snapshot().commands >= taken_up_->command);
    MotionReport motion;
    while (engine_.motions.pop(motion)) {
        take(motion);
    }
    DeckReport report;
    while (engine_.reports.pop(report)) {
        std::visit([this](const auto& each) { take(each); }, report);
    }
    if (was_counted) {
        taken_up_.reset();
        shell_.state_moved();
    }
}

void Deck::take(const MotionReport& motion) {
    pitch_.follow(motion);
    if (motion.pending) {
        coming_motion_ = motion;
        note_start({motion.from, motion.quantum});
    } else {
        motion_ = motion;
        note_motion(motion.playing, motion.mix.track.stream);
        note_loop(motion);
    }
    shell_.state_moved();
}

/// A loop whose file was cut off under it ended with what is left.
void Deck::note_loop(const MotionReport& motion) {
    const Track* const track = sounding();
    const auto& loop = motion.mix.motion.loop;
    if (track == nullptr || track->stream == nullptr || track->stream != motion.mix.track.stream || !track->loop ||
        !loop) {
        return;
    }
    if (track->loop->out > static_cast<double>(track->stream->windows().length()) && loop->out < track->loop->out) {
        required().loop = loop;
    }
}

void Deck::take(const Started& report) {
    if (report.late.value > 0) {
        log_event(LogLevel::warning, "late-start", {{"frame", report.frame.value}, {"by", report.late.value}});
    }
    if (coming_motion_) {  // it began just as it was told to come
        motion_ = *std::exchange(coming_motion_, std::nullopt);
        motion_->pending = false;
        note_motion(true, motion_->mix.track.stream);
    }
    shell_.osc().publish(OscMessage{at::deck_started}.frame(report.frame));
    const Track* const track = sounding();
    log_event(LogLevel::info, "started",
              {{"frame", report.frame.value}, {"path", track == nullptr ? std::string{} : track->path}});
    shell_.state_moved();
}

void Deck::take(const Stopped& report) {
    become_stopped(false);
    if (const Track* const track = sounding(); track != nullptr && track->stream != nullptr) {
        arm_start(*track, engine_.snapshot().source);
    }
    log_event(LogLevel::info, "stopped", {{"frame", report.frame.value}});
    shell_.state_moved();
}

void Deck::take(const Ended& report) {
    become_stopped(true);
    if (const Track* const track = sounding(); track != nullptr && track->stream != nullptr) {
        arm_start(*track, track->cue_source);
    }
    shell_.osc().publish(OscMessage{at::deck_ended});
    log_event(LogLevel::info, "ended", {{"frame", report.frame.value}});
    shell_.state_moved();
}

void Deck::take(const Voided& report) {
    log_event(LogLevel::warning, "frame-void",
              {{"frame", report.frame.value},
               {"why", "the server's clock began anew, so a start or stop ordered for it can't come"},
               {"do", "order it again"}});
    shell_.osc().publish(state_message());
}

void Deck::take(const CutOff& report) {
    become_stopped(false);
    const Track* const track = sounding();
    const std::string why =
        "the file '" + (track == nullptr ? std::string{} : track->path) + "' was cut off while it played";
    shell_.osc().publish(OscMessage{at::deck_failed}.text(why));
    log_event(LogLevel::error, "failed", {{"frame", report.frame.value}, {"why", why}});
    shell_.state_moved();
}

void Deck::take(const Starved& report) {
    shell_.osc().publish(OscMessage{at::deck_starved}.integer(static_cast<std::int32_t>(report.frames)));
    log_event(LogLevel::warning, "starved", {{"frames", report.frames}});
}

void Deck::take(const LateLine& report) {
    log_event(LogLevel::warning, "late-line", {{"from", report.from.value}, {"by", report.late.value}});
}

void Deck::take(const Released& report) { streams_.released(report.stream); }

void Deck::publish_state() {
    const bool playing = engine_.snapshot().state == DeckState::playing;
    if ((playing || std::exchange(was_playing_, playing)) && shell_.osc().has_subscribers()) {
        shell_.osc().publish(state_message());
    }
    was_playing_ = playing;
}

OscMessage Deck::state_message() const {
    DeckSnapshot now = engine_.snapshot();
    const Track none;
    const Track* const heard = sounding();
    const Track& track = heard == nullptr ? none : *heard;
    if (std::holds_alternative<Cued>(condition_) && now.state != DeckState::playing &&
        now.state != DeckState::waiting) {
        const bool engine_knows = now.state == DeckState::cued && now.commands >= cue_number_;
        now.source = engine_knows ? now.source : track.cue_source;
        now.state = DeckState::cued;
    }
    std::string state{state_name(now.state)};
    std::string path = track.path;
    if (const auto* const missing = std::get_if<Missing>(&condition_)) {
        state = "missing";
        path = missing->saved.path;
        now.source = 0.0;
    } else if (const auto* const restoring = std::get_if<Restoring>(&condition_)) {
        path = restoring->saved.path;
    }
    return protocol::DeckStateMessage{
        std::string{state}, path,      wire_frame(now.frame), now.source / rate_of(track),
        length_s(track),    now.speed, now.track_bpm,         std::string{stretch_name(settings_.stretch)}}
        .write();
}

OscMessage Deck::health_message() const {
    const bool there = shell_.has_jack();
    const CallbackFigures figures = there ? shell_.jack().figures() : CallbackFigures{};
    const StretchHealth stretch = pitch_.voice() != nullptr ? pitch_.voice()->health() : StretchHealth{};
    std::size_t resident = 0;
    std::uint64_t cleaned = 0;
    bool locked = true;
    streams_.each([&](TrackStream& stream) {
        resident += stream.resident_bytes();
        cleaned += stream.source()->cleaned();
        locked = locked && stream.windows().locked();
    });
    const auto whole = [](auto value) { return static_cast<double>(value); };
    OscMessage message{at::deck_health};
    message.text("xruns").precise(whole(figures.xruns));
    message.text("starved_frames").precise(whole(engine_.starved_frames()));
    message.text("late_starts").precise(whole(engine_.late_starts()));
    message.text("late_lines").precise(whole(engine_.late_lines()));
    message.text("worst_us").precise(figures.worst_us);
    message.text("mean_us").precise(figures.mean_us);
    message.text("budget_us").precise(figures.budget_us);
    message.text("stretch_reserve_frames").precise(whole(stretch.reserve_frames));
    message.text("stretch_target_frames").precise(whole(stretch.target_frames));
    message.text("stretch_mode").text(pitch_.voice() != nullptr ? reserve_name(stretch.mode) : "off");
    message.text("stretch_underruns").precise(whole(stretch.underruns));
    message.text("stretch_missing_frames").precise(whole(stretch.missing_frames));
    message.text("stretch_restarts").precise(whole(stretch.restarts));
    message.text("stretch_cost").precise(stretch.cost);
    message.text("resident_bytes").precise(whole(resident));
    message.text("resident_locked").flag(locked);
    message.text("cleaned_samples").precise(whole(cleaned));
    message.text("commands_refused").precise(whole(engine_.commands.refused()));
    shell_.osc().describe(message);
    message.text("rate").precise(there ? shell_.jack().format().rate : 0.0);
    message.text("period").precise(there ? whole(shell_.jack().period()) : 0.0);
    return message;
}

void Deck::connected() {
    const ServerFormat& format = shell_.jack().format();
    const int priority = jack_client_real_time_priority(shell_.jack().raw());
    pitch_.connected(format.rate, format.period, priority > 1 ? priority - 1 : 0);
    if (pitch_.method() != settings_.stretch) {
        pitch_.use(settings_.stretch);
    }
    expect_reports();
}

void Deck::disconnected() {
    lines_.forget();
    stem_start_.reset();
    if (eager_left_ > 0) {
        expect_reports();
    }
}

void Deck::fade_away(const Finished& finished) {
    sender_.send(FadeAway{});
    wait_for_silence(finished, most_silence_looks);
}

/// The engine says when it is silent: how long that takes hangs on the period.
void Deck::wait_for_silence(const Finished& finished, int looks_left) {
    const std::uint64_t cycles = shell_.has_jack() ? shell_.jack().cycles() : 0;
    const bool silent = engine_.commands_taken() && engine_.silent();
    shell_.loop().after(silence_look, [this, finished, looks_left, silent, cycles] {
        const bool there = shell_.has_jack();
        // One more cycle: what was silent by its end is what others were given in it.
        if (!there || looks_left == 0 || (silent && shell_.jack().cycles() > cycles)) {
            finished();
        } else {
            wait_for_silence(finished, looks_left - 1);
        }
    });
}

std::string Deck::label() const {
    std::string letter = deck_short_name(shell_.name());
    const auto* const missing = std::get_if<Missing>(&condition_);
    const auto* const restoring = std::get_if<Restoring>(&condition_);
    const std::string path = missing != nullptr     ? missing->saved.path
                             : restoring != nullptr ? restoring->saved.path
                                                    : cue_path();
    if (path.empty()) {
        return letter;
    }
    return letter + ": " + (missing != nullptr ? "missing " : "") + std::filesystem::path{path}.stem().string();
}

}  // namespace crowdjack
