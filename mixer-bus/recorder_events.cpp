// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/log.hpp"
#include "mixer-bus/recorder.hpp"

#include <utility>

namespace crowdjack {

void Recorder::handle(const RecordingEvent& event) {
    if (!recording_) {
        return;
    }
    const std::string path = event.path.string();
    switch (event.kind) {
    case RecordingEvent::Kind::opened:
        opened(event);
        return;
    case RecordingEvent::Kind::closed:
        say_last_jumps(path);
        closed(event);
        return;
    case RecordingEvent::Kind::removed:
        log_event(LogLevel::info, "recording-removed", {{"path", path}, {"why", event.text}});
        shell_.osc().publish(OscMessage{at::mixer_record_removed}.text(path).text(event.text));
        return;
    case RecordingEvent::Kind::no_sheet:
        log_event(LogLevel::warning, "cue-sheet-not-written", {{"path", path}, {"why", event.text}});
        return;
    case RecordingEvent::Kind::finished: {
        say_last_jumps(path);
        const double frames = static_cast<double>(event.frames);
        closed(event);
        for (const OscReplyTo& to : std::exchange(stopped_, {})) {
            to.send(to.reply().text(path).precise(frames));
        }
        break;
    }
    case RecordingEvent::Kind::failed:
        say_last_jumps(path);
        failed(event);
        break;
    }
    ended();
}

void Recorder::opened(const RecordingEvent& event) {
    const std::string path = event.path.string();
    log_event(LogLevel::info, "recording", {{"path", path}});
    file_begins_ = tap_->position_of(event.from);
    const auto reply = std::exchange(started_, {});
    reply.send(reply.reply().text(path).frame(event.from));
    shell_.osc().publish(OscMessage{at::mixer_record_started}.text(path).frame(event.from));
}

void Recorder::closed(const RecordingEvent& event) {
    const auto lost = recording_->status().lost;
    if (event.kind == RecordingEvent::Kind::finished) {
        recording_.reset();  // before anybody is told: who then looks finds everything as it was said
        note_.recording({});
    }
    const std::string path = event.path.string();
    log_event(LogLevel::info, "recorded", {{"path", path}, {"frames", event.frames}, {"lost", lost}});
    shell_.osc().publish(OscMessage{at::mixer_record_stopped}.text(path).precise(static_cast<double>(event.frames)));
}

void Recorder::failed(const RecordingEvent& event) {
    recording_.reset();
    note_.recording({});
    log_event(LogLevel::error, "recording-failed", {{"path", event.path.string()}, {"why", event.text}});
    std::exchange(started_, {}).error(OscErrorCode::failed, event.text);
    for (const OscReplyTo& to : std::exchange(stopped_, {})) {
        to.error(OscErrorCode::failed, event.text);
    }
    shell_.osc().publish(OscMessage{at::mixer_record_failed}.text(event.path.string()).text(event.text));
}

/// Begins what waited for the end.
void Recorder::ended() {
    if (const auto next = std::exchange(next_, {})) {
        try {
            next->begin(next->reply);
        } catch (const std::exception& error) {
            log_event(LogLevel::error, "recording-failed", {{"why", error.what()}});
            next->reply.error(OscErrorCode::failed, error.what());
        }
    }
    if (finished_ && !recording_) {
        std::exchange(finished_, nullptr)();
    }
}

}  // namespace crowdjack
