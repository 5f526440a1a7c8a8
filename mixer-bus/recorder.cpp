// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/recorder.hpp"

#include "common/log.hpp"

#include <cmath>
#include <ctime>
#include <limits>
#include <utility>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr Seconds furthest_back{10.0};
constexpr Seconds one_burst{0.05};  // a choice: shorter than two commands by hand, longer than a busy thread waits
constexpr Seconds on_its_way{0.5};  ///< a frame that was now when the command left is past when it comes

RecordingFormat format_or_refuse(const fs::path& path) {
    if (const auto format = recording_format(path)) {
        return *format;
    }
    throw OscError{OscErrorCode::bad_arguments,
                   "'" + path.filename().string() + "' is no format to record: use " + std::string{recording_formats}};
}

/// The name with its folder resolved and allowed. A name without fields must be free, one with fields finds a free one.
RecordingName checked_name(const MusicFolders& folders, const std::string& wanted) {
    try {
        const RecordingName name{wanted};
        if (!name.has_fields()) {
            return RecordingName{folders.fresh(wanted)};
        }
        const fs::path free = name.free_name(std::time(nullptr));
        const fs::path resolved = folders.fresh(free.string());
        return RecordingName{resolved.parent_path() / name.asked().filename()};
    } catch (const PathError& error) {
        throw OscError{error.kind == PathError::Kind::refused ? OscErrorCode::refused : OscErrorCode::not_found,
                       error.what()};
    } catch (const Failure& error) {
        throw OscError{OscErrorCode::bad_arguments, error.what()};
    }
}

}  // namespace

Recorder::Recorder(ClientShell& shell, MixerProcess& process, MusicFolders& folders, RunningNote& note,
                   RecorderSettings settings)
    : shell_{shell}, process_{process}, folders_{folders}, note_{note}, settings_{std::move(settings)} {}

Recorder::~Recorder() = default;

void Recorder::start(const std::string& path, Seconds preroll, std::optional<JackFrame> frame,
                     const OscReplyTo& reply) {
    const bool ending = !stopped_.empty() && !next_;
    if (recording_ && !ending) {
        throw OscError{OscErrorCode::refused,
                       "already recording " + recording_->path().string() + ": /mixer/record/stop first"};
    }
    if (!shell_.has_jack()) {
        throw OscError{OscErrorCode::not_ready, "there is no JACK server now, so nothing to record"};
    }
    (void)format_or_refuse(path);
    const Tap& tap = *process_.tap();
    const JackFrame from = frame.value_or(now_or_last_end()) - to_frames(preroll, tap.rate());
    if (tap.now() - from > to_frames(furthest_back, tap.rate()) + to_frames(on_its_way, tap.rate())) {
        throw OscError{OscErrorCode::refused, "a recording begins at most 10 s before the command"};
    }
    const RecordingName name = checked_name(folders_, path);
    const auto when = std::time(nullptr) - static_cast<std::time_t>(std::lround(preroll.value));
    const Next next{[this, name, from, when](const OscReplyTo& to) {
                        begin(name, name.has_fields() ? name.free_name(when) : name.asked(), from, to);
                    },
                    reply};
    if (recording_) {
        next_ = next;
    } else {
        next.begin(next.reply);
    }
}

/// Stop and start in one burst split a recording without a gap, however long this thread takes between them.
JackFrame Recorder::now_or_last_end() const {
    const Tap& tap = *process_.tap();
    const JackFrame now = tap.now();
    const bool at_once =
        last_end_ && tap_.get() == &tap && now >= *last_end_ && now - *last_end_ <= to_frames(one_burst, tap.rate());
    return at_once ? *last_end_ : now;
}

void Recorder::begin(const RecordingName& name, fs::path path, JackFrame from, OscReplyTo reply) {
    started_ = std::move(reply);
    tap_ = process_.tap();
    jumps_ = tap_->clock_jumps();
    left_out_ = {};
    asked_ = name.asked();
    Recording::Request request{.path = std::move(path), .format = format_or_refuse(name.asked()), .from = from};
    request.width = sample_width(request.format, settings_.width);
    if (settings_.split) {
        request.split = to_frames({static_cast<double>(settings_.split->count())}, tap_->rate());
    }
    if (settings_.split || name.has_fields()) {
        request.next_path = [name] { return name.free_name(std::time(nullptr)); };
    }
    if (settings_.keep.any()) {
        request.keep = RecordingKeep{name, settings_.keep};
    }
    request.playing = playing_;
    recording_ = std::make_unique<Recording>(
        tap_, std::move(request),
        [this, alive = std::weak_ptr<const int>{alive_}, &loop = shell_.loop()](const RecordingEvent& event) {
            loop.post([this, alive, event] {
                if (!alive.expired()) {
                    handle(event);
                }
            });
        });
    note_.recording(asked_);
}

void Recorder::begin_unattended(const fs::path& asked) {
    try {
        const RecordingName name{asked};
        begin(name, name.free_name(std::time(nullptr)), first_ever, {});
    } catch (const std::exception& error) {
        log_event(LogLevel::error, "recording-failed", {{"path", asked.string()}, {"why", error.what()}});
    }
}

void Recorder::stop(std::optional<JackFrame> frame, OscReplyTo reply) {
    if (!recording_) {
        throw OscError{OscErrorCode::not_ready, "nothing is being recorded"};
    }
    const auto status = recording_->status();
    if (frame && *frame <= status.from && status.from != first_ever) {
        throw OscError{OscErrorCode::refused, "that frame lies before the recording's begin: " + status.path.string() +
                                                  " begins with frame " +
                                                  std::to_string(static_cast<std::int32_t>(wire_frame(status.from)))};
    }
    refuse_next();
    if (frame || stopped_.empty()) {
        last_end_ = frame ? std::nullopt : std::optional{tap_->now()};
        recording_->stop(frame ? frame : last_end_);
    }
    if (frame && *frame > shell_.jack().last_frame()) {
        reply.send(reply.reply().text(status.path.string()).frame(*frame));
        return;
    }
    stopped_.push_back(std::move(reply));
}

void Recorder::played(std::optional<JackFrame> frame, const Title& title) {
    playing_ = title;
    note_.playing(title);
    if (recording_ && !title.empty()) {
        recording_->played(frame.value_or(tap_->written() == 0 ? JackFrame{} : tap_->now()), title);
    }
}

void Recorder::connected() {
    if (std::exchange(first_server_, false)) {
        const auto left_behind = shell_.options().resume ? note_.left_behind() : RunningNote::Contents{};
        const fs::path& left = left_behind.recording;
        playing_ = playing_.empty() ? left_behind.playing : playing_;
        if (!left.empty() && recording_format(left)) {
            begin_unattended(left);
        } else if (settings_.from_start) {
            begin_unattended(*settings_.from_start);
        } else {
            note_.recording({});
        }
        return;
    }
    if (recording_ && tap_ != process_.tap() && stopped_.empty() && !next_) {
        log_event(LogLevel::warning, "recording-continues-elsewhere", {{"why", "the server's rate changed"}});
        next_ = Next{[this, asked = asked_](const OscReplyTo&) { begin_unattended(asked); }, {}};
        recording_->stop();
    }
}

void Recorder::tick() {
    const auto now = std::chrono::steady_clock::now();
    if (!recording_ || now < next_tick_) {
        return;
    }
    next_tick_ = now + std::chrono::seconds{1};
    say_jumps(recording_->path().string());
}

void Recorder::say_jumps(const std::string& path) {
    for (const Tap::Jump& jump : tap_->jumps_after(jumps_)) {
        if (!left_out_.add(jump)) {
            log_event(LogLevel::warning, "recording-clock-changed",
                      {{"path", path},
                       {"at_s", second_of_file(jump.position)},
                       {"expected", jump.expected.value},
                       {"came", jump.came.value},
                       {"period", shell_.has_jack() ? shell_.jack().period() : 0U},
                       {"means", "JACK counts frames anew: the recording goes on; whether a cycle was left out in "
                                 "between nobody can tell"}});
        }
    }
    say_hole(path);
    jumps_ = tap_->clock_jumps();
}

void Recorder::say_last_jumps(const std::string& path) {
    say_jumps(path);
    say_hole(path);
}

void Recorder::say_hole(const std::string& path) {
    if (const auto hole = left_out_.take(); hole.cycles > 0) {
        log_event(LogLevel::warning, "recording-hole",
                  {{"path", path},
                   {"cycles", hole.cycles},
                   {"frames", hole.frames.value},
                   {"first_at_s", second_of_file(hole.position)},
                   {"why", "JACK left out cycles: the file is so much shorter"}});
    }
}

double Recorder::second_of_file(std::int64_t position) const {
    return static_cast<double>(position - file_begins_) / tap_->rate();
}

void Recorder::finish(std::function<void()> done) {
    refuse_next();
    if (!recording_) {
        done();
        return;
    }
    finished_ = std::move(done);
    recording_->stop();
}

void Recorder::refuse_next() {
    if (const auto never = std::exchange(next_, {})) {
        never->reply.error(OscErrorCode::failed, "stopped before it began");
    }
}

}  // namespace crowdjack
