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
    if (recording_) {
        throw OscError{OscErrorCode::refused,
                       "already recording " + recording_->path().string() + ": /mixer/record/stop first"};
    }
    if (!shell_.has_jack()) {
        throw OscError{OscErrorCode::not_ready, "there is no JACK server now, so nothing to record"};
    }
    const RecordingFormat format = format_or_refuse(path);
    const Tap& tap = *process_.tap();
    const JackFrame from = frame.value_or(tap.now()) - to_frames(preroll, tap.rate());
    if (tap.now() - from > to_frames(furthest_back, tap.rate())) {
        throw OscError{OscErrorCode::refused, "a recording begins at most 10 s before the command"};
    }
    try {
        const fs::path file = folders_.fresh(path);
        begin_recording(file, {.path = file, .format = format, .from = from, .open = {}}, std::move(reply));
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
    recording_->stop(frame);
    if (frame && *frame > shell_.jack().last_frame()) {
        reply.send(reply.reply().text(recording_->path().string()).frame(*frame));
        return;
    }
    recording_stopped_ = std::move(reply);
}

void Takes::recording_event(const RecordingEvent& event) {
    if (!recording_) {
        return;
    }
    const std::string path = recording_->path().string();
    switch (event.kind) {
    case RecordingEvent::Kind::opened: {
        log_event(LogLevel::info, "recording", {{"path", path}});
        const auto reply = std::exchange(recording_started_, {});
        reply.send(reply.reply().text(path).frame(recording_->from()));
        shell_.osc().publish(OscMessage{"/mixer/record/started"}.text(path).frame(recording_->from()));
        return;
    }
    case RecordingEvent::Kind::finished: {
        const auto status = recording_->status();
        end_recording();
        log_event(LogLevel::info, "recorded", {{"path", path}, {"frames", status.frames}, {"lost", status.lost}});
        const auto frames = static_cast<double>(status.frames);
        const auto reply = std::exchange(recording_stopped_, {});
        reply.send(reply.reply().text(path).precise(frames));
        shell_.osc().publish(OscMessage{"/mixer/record/stopped"}.text(path).precise(frames));
        break;
    }
    case RecordingEvent::Kind::failed:
        end_recording();
        log_event(LogLevel::error, "recording-failed", {{"path", path}, {"why", event.text}});
        std::exchange(recording_started_, {}).error(OscErrorCode::failed, event.text);
        std::exchange(recording_stopped_, {}).error(OscErrorCode::failed, event.text);
        shell_.osc().publish(OscMessage{"/mixer/record/failed"}.text(path).text(event.text));
        break;
    }
    finished_one();
}

/// Before anybody is told: who then looks finds everything as it was said.
void Takes::end_recording() {
    recording_.reset();
    take_note();
}

void Takes::start_stream(const StreamTarget& target, StreamFormat format, OscReplyTo reply) {
    if (stream_) {
        throw OscError{OscErrorCode::refused,
                       "already streaming to " + stream_->target().shown() + ": /mixer/stream/stop first"};
    }
    if (!shell_.has_jack()) {
        throw OscError{OscErrorCode::not_ready, "there is no JACK server now, so nothing to stream"};
    }
    begin_stream(target, format, process_.tap()->now(), std::move(reply));
}

void Takes::begin_stream(const StreamTarget& target, StreamFormat format, JackFrame from, OscReplyTo reply) {
    stream_started_ = std::move(reply);
    tap_ = process_.tap();
    stream_ = std::make_unique<Streaming>(tap_, Streaming::Request{.target = target, .format = format, .from = from},
                                          on_loop(&Takes::stream_event));
    take_note();
}

void Takes::stop_stream(OscReplyTo reply) {
    if (!stream_) {
        throw OscError{OscErrorCode::not_ready, "nothing is being streamed"};
    }
    stream_->stop();
    stream_stopped_ = std::move(reply);
}

void Takes::stream_event(const StreamEvent& event) {
    if (!stream_) {
        return;
    }
    const std::string shown = stream_->target().shown();
    const auto publish = [&](const char* address) {
        shell_.osc().publish(OscMessage{address}.text(shown).text(event.text));
    };
    switch (event.kind) {
    case StreamEvent::Kind::connected: {
        log_event(LogLevel::info, "streaming", {{"to", shown}, {"format", name_of(stream_->format())}});
        const auto reply = std::exchange(stream_started_, {});
        reply.send(reply.reply().text(shown));
        publish("/mixer/stream/connected");
        return;
    }
    case StreamEvent::Kind::unreachable:
        log_event(LogLevel::warning, "stream-unreachable", {{"why", event.text}, {"do", "trying again"}});
        std::exchange(stream_started_, {})
            .error(OscErrorCode::failed, "cannot reach " + event.text + ": trying again until /mixer/stream/stop");
        publish("/mixer/stream/unreachable");
        return;
    case StreamEvent::Kind::lost:
        log_event(LogLevel::warning, "stream-lost", {{"why", event.text}, {"do", "reconnecting"}});
        publish("/mixer/stream/lost");
        return;
    case StreamEvent::Kind::skipped:
        log_event(LogLevel::warning, "stream-skipped", {{"to", shown}, {"frames", event.frames}});
        shell_.osc().publish(
            OscMessage{"/mixer/stream/skipped"}.text(shown).precise(static_cast<double>(event.frames)));
        return;
    case StreamEvent::Kind::failed:
        end_stream();
        log_event(LogLevel::error, "stream-failed", {{"why", event.text}});
        std::exchange(stream_started_, {}).error(OscErrorCode::refused, event.text);
        publish("/mixer/stream/failed");
        break;
    case StreamEvent::Kind::finished:
        end_stream();
        log_event(LogLevel::info, "streamed", {{"to", shown}});
        break;
    }
    const auto reply = std::exchange(stream_stopped_, {});
    reply.send(reply.reply().text(shown));
    finished_one();
}

void Takes::end_stream() {
    stream_.reset();
    take_note();
}

void Takes::connected() {
    if (std::exchange(first_server_, false)) {
        resume();
        return;
    }
    if (tap_ == process_.tap()) {
        return;  // the same rate: both go on where they were
    }
    if (recording_) {
        log_event(LogLevel::warning, "recording-continues-elsewhere", {{"why", "the server's rate changed"}});
        recording_.reset();
        begin_unattended(asked_path_);
    }
    if (stream_) {
        const StreamTarget target = stream_->target();
        const StreamFormat format = stream_->format();
        stream_.reset();
        begin_stream(target, format, first_ever, {});
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
        begin_stream(*note.stream, note.format, first_ever, {});
    } else if (wishes_.stream) {
        begin_stream(*wishes_.stream, wishes_.format, first_ever, {});
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

void Takes::finish(std::function<void()> done) {
    finished_ = std::move(done);
    if (recording_) {
        recording_->stop();
    }
    if (stream_) {
        stream_->stop();
    }
    finished_one();
}

void Takes::finished_one() {
    if (finished_ && !recording_ && !stream_) {
        std::exchange(finished_, nullptr)();
    }
}

}  // namespace crowdjack
