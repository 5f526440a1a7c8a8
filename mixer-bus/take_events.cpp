// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/log.hpp"
#include "mixer-bus/takes.hpp"

#include <utility>

namespace crowdjack {

namespace {

/// Everybody who asked is answered, however many asked the same.
template <typename Answer>
void answer_all(std::vector<OscReplyTo>& waiting, const Answer& answer) {
    for (const OscReplyTo& reply : std::exchange(waiting, {})) {
        answer(reply);
    }
}

}  // namespace

void Takes::recording_event(const RecordingEvent& event) {
    if (!recording_) {
        return;
    }
    const std::string path = recording_->path().string();
    switch (event.kind) {
    case RecordingEvent::Kind::opened: {
        log_event(LogLevel::info, "recording", {{"path", path}});
        const auto reply = std::exchange(recording_started_, {});
        const JackFrame from = recording_->status().from;
        reply.send(reply.reply().text(path).frame(from));
        shell_.osc().publish(OscMessage{"/mixer/record/started"}.text(path).frame(from));
        return;
    }
    case RecordingEvent::Kind::finished: {
        const auto status = recording_->status();
        end_recording();
        log_event(LogLevel::info, "recorded", {{"path", path}, {"frames", status.frames}, {"lost", status.lost}});
        const auto frames = static_cast<double>(status.frames);
        answer_all(recording_stopped_, [&](const auto& to) { to.send(to.reply().text(path).precise(frames)); });
        shell_.osc().publish(OscMessage{"/mixer/record/stopped"}.text(path).precise(frames));
        break;
    }
    case RecordingEvent::Kind::failed:
        end_recording();
        log_event(LogLevel::error, "recording-failed", {{"path", path}, {"why", event.text}});
        std::exchange(recording_started_, {}).error(OscErrorCode::failed, event.text);
        answer_all(recording_stopped_, [&](const auto& to) { to.error(OscErrorCode::failed, event.text); });
        shell_.osc().publish(OscMessage{"/mixer/record/failed"}.text(path).text(event.text));
        break;
    }
    begin(next_recording_);
    finished_one();
}

/// Before anybody is told: who then looks finds everything as it was said.
void Takes::end_recording() {
    recording_.reset();
    take_note();
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
        std::exchange(stream_started_, {}).error(OscErrorCode::failed, "stopped before " + shown + " was connected");
        break;
    }
    answer_all(stream_stopped_, [&](const auto& to) { to.send(to.reply().text(shown)); });
    begin(next_stream_);
    finished_one();
}

void Takes::end_stream() {
    stream_.reset();
    take_note();
}

void Takes::begin(std::optional<Next>& next) {
    if (auto now = std::exchange(next, {})) {
        try {
            now->begin(now->reply);
        } catch (const std::exception& error) {
            log_event(LogLevel::error, "take-failed", {{"why", error.what()}});
            now->reply.error(OscErrorCode::failed, error.what());
        }
    }
}

void Takes::forget(std::optional<Next>& next) {
    if (const auto never = std::exchange(next, {})) {
        never->reply.error(OscErrorCode::failed, "stopped before it began");
    }
}

void Takes::finish(std::function<void()> done) {
    finished_ = std::move(done);
    forget(next_recording_);
    forget(next_stream_);
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
