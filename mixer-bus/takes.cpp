// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/takes.hpp"

#include "common/log.hpp"
#include "common/registry.hpp"
#include "mixer-bus/take_note.hpp"

#include <limits>
#include <utility>

namespace crowdjack {

namespace fs = std::filesystem;

namespace {

constexpr JackFrame first_ever{std::numeric_limits<std::int64_t>::min() / 2};
constexpr Seconds furthest_back{10.0};
constexpr Seconds on_its_way{0.5};  ///< a frame that was now when the command left is past when it comes

RecordingFormat format_or_refuse(const fs::path& path) {
    if (const auto format = recording_format(path)) {
        return *format;
    }
    throw OscError{OscErrorCode::bad_arguments,
                   "'" + path.filename().string() + "' is no format to record: use .wav, .rf64, .flac or .ogg"};
}

}  // namespace

fs::path next_free_name(const fs::path& path) {
    fs::path name = path;
    for (int n = 2; fs::exists(fs::symlink_status(name)); ++n) {
        name = path;
        name.replace_filename(path.stem().string() + "-" + std::to_string(n) + path.extension().string());
    }
    return name;
}

Takes::Takes(ClientShell& shell, MixerProcess& process, MusicFolders folders)
    : shell_{shell}, process_{process}, folders_{std::move(folders)} {}

Takes::~Takes() = default;

template <typename Event>
std::function<void(const Event&)> Takes::on_loop(void (Takes::*action)(const Event&)) {
    return [this, action, alive = std::weak_ptr<const int>{alive_}, &loop = shell_.loop()](const Event& event) {
        loop.post([this, action, alive, event] {
            if (!alive.expired()) {
                (this->*action)(event);
            }
        });
    };
}

void Takes::start_recording(const std::string& path, Seconds preroll, std::optional<JackFrame> frame,
                            OscReplyTo reply) {
    const bool ending = !recording_stopped_.empty() && !next_recording_;
    if (recording_ && !ending) {
        throw OscError{OscErrorCode::refused,
                       "already recording " + recording_->path().string() + ": /mixer/record/stop first"};
    }
    if (!shell_.has_jack()) {
        throw OscError{OscErrorCode::not_ready, "there is no JACK server now, so nothing to record"};
    }
    const RecordingFormat format = format_or_refuse(path);
    const Tap& tap = *process_.tap();
    const JackFrame from = frame.value_or(tap.now()) - to_frames(preroll, tap.rate());
    if (tap.now() - from > to_frames(furthest_back, tap.rate()) + to_frames(on_its_way, tap.rate())) {
        throw OscError{OscErrorCode::refused, "a recording begins at most 10 s before the command"};
    }
    try {
        const fs::path file = folders_.fresh(path);
        Next next{[this, file, format, from](OscReplyTo to) {
                      begin_recording(file, {.path = file, .format = format, .from = from, .open = {}}, std::move(to));
                  },
                  std::move(reply)};
        if (recording_) {
            next_recording_ = std::move(next);
        } else {
            next.begin(std::move(next.reply));
        }
    } catch (const PathError& error) {
        throw OscError{error.kind == PathError::Kind::refused ? OscErrorCode::refused : OscErrorCode::not_found,
                       error.what()};
    }
}

void Takes::begin_recording(const fs::path& asked, Recording::Request request, OscReplyTo reply) {
    recording_started_ = std::move(reply);
    tap_ = process_.tap();
    asked_path_ = asked;
    recording_ = std::make_unique<Recording>(tap_, std::move(request), on_loop(&Takes::recording_event));
    take_note();
}

void Takes::begin_unattended(const fs::path& asked) {
    const fs::path path = next_free_name(asked);
    begin_recording(asked, {.path = path, .format = format_or_refuse(path), .from = first_ever, .open = {}}, {});
}

void Takes::stop_recording(std::optional<JackFrame> frame, OscReplyTo reply) {
    if (!recording_) {
        throw OscError{OscErrorCode::not_ready, "nothing is being recorded"};
    }
    forget(next_recording_);
    recording_->stop(frame);
    if (frame && *frame > shell_.jack().last_frame()) {
        reply.send(reply.reply().text(recording_->path().string()).frame(*frame));
        return;
    }
    recording_stopped_.push_back(std::move(reply));
}

void Takes::start_stream(const StreamTarget& target, StreamFormat format, OscReplyTo reply) {
    const bool ending = !stream_stopped_.empty() && !next_stream_;
    if (stream_ && !ending) {
        throw OscError{OscErrorCode::refused,
                       "already streaming to " + stream_->target().shown() + ": /mixer/stream/stop first"};
    }
    if (!shell_.has_jack()) {
        throw OscError{OscErrorCode::not_ready, "there is no JACK server now, so nothing to stream"};
    }
    const Streaming::Request request{.target = target, .format = format, .from = process_.tap()->now()};
    if (stream_) {
        next_stream_ = Next{[this, request](OscReplyTo to) { begin_stream(request, std::move(to)); }, std::move(reply)};
    } else {
        begin_stream(request, std::move(reply));
    }
}

void Takes::begin_stream(Streaming::Request request, OscReplyTo reply) {
    stream_started_ = std::move(reply);
    tap_ = process_.tap();
    stream_ = std::make_unique<Streaming>(tap_, std::move(request), on_loop(&Takes::stream_event));
    take_note();
}

void Takes::stop_stream(OscReplyTo reply) {
    if (!stream_) {
        throw OscError{OscErrorCode::not_ready, "nothing is being streamed"};
    }
    forget(next_stream_);
    stream_->stop();
    stream_stopped_.push_back(std::move(reply));
}

void Takes::connected() {
    if (std::exchange(first_server_, false)) {
        resume();
        return;
    }
    if (tap_ == process_.tap()) {
        return;  // the same rate: both go on where they were
    }
    if (recording_ && recording_stopped_.empty()) {
        log_event(LogLevel::warning, "recording-continues-elsewhere", {{"why", "the server's rate changed"}});
        next_recording_ = Next{[this, asked = asked_path_](const OscReplyTo&) { begin_unattended(asked); }, {}};
        recording_->stop();
    }
    if (stream_ && stream_stopped_.empty()) {
        const Streaming::Request request{
            .target = stream_->target(), .format = stream_->format(), .from = first_ever, .again = true};
        next_stream_ = Next{[this, request](const OscReplyTo&) { begin_stream(request, {}); }, {}};
        stream_->stop();
    }
}

void Takes::resume() {
    const TakeNote note = shell_.options().resume ? read_take_note(note_path()) : TakeNote{};
    if (!note.recording.empty() && recording_format(note.recording)) {
        begin_unattended(note.recording);
    } else if (wishes_.recording) {
        begin_unattended(*wishes_.recording);
    }
    if (note.stream) {
        begin_stream({.target = *note.stream, .format = note.format, .from = first_ever, .again = true}, {});
    } else if (wishes_.stream) {
        begin_stream({.target = *wishes_.stream, .format = wishes_.format, .from = first_ever}, {});
    }
    take_note();
}

fs::path Takes::note_path() const { return registry_folder(shell_.server()) / (shell_.name() + ".running.state"); }

void Takes::take_note() const {
    TakeNote note;
    if (recording_) {
        note.recording = asked_path_;
    }
    if (stream_) {
        note.stream = stream_->target();
        note.format = stream_->format();
    }
    try {
        write_take_note(note_path(), note);
    } catch (const Failure& error) {
        log_event(LogLevel::warning, "takes-not-noted", {{"why", error.what()}});
    }
}

}  // namespace crowdjack
