// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/streamer.hpp"

#include "common/log.hpp"

#include <cmath>
#include <limits>
#include <utility>

namespace crowdjack {

namespace {}  // namespace

Streamer::Streamer(ClientShell& shell, MixerProcess& process, RunningNote& note, StreamerSettings settings)
    : shell_{shell}, process_{process}, note_{note}, settings_{std::move(settings)} {}

Streamer::~Streamer() = default;

Streaming::Request Streamer::request(const RunningNote::Stream& wanted, JackFrame from, bool again) const {
    return {.target = wanted.target,
            .format = wanted.format,
            .from = from,
            .station = settings_.station,
            .playing = playing_,
            .again = again};
}

void Streamer::start(const RunningNote::Stream& wanted, const OscReplyTo& reply) {
    const bool ending = !stopped_.empty() && !next_;
    if (stream_ && !ending) {
        throw OscError{OscErrorCode::refused,
                       "already streaming to " + stream_->target().shown() + ": /mixer/stream/stop first"};
    }
    if (!shell_.has_jack()) {
        throw OscError{OscErrorCode::not_ready, "there is no JACK server now, so nothing to stream"};
    }
    const Next next{
        [this, wanted, from = process_.tap()->now()](const OscReplyTo& to) { begin(request(wanted, from, false), to); },
        reply};
    if (stream_) {
        next_ = next;
    } else {
        next.begin(next.reply);
    }
}

void Streamer::begin(Streaming::Request wanted, OscReplyTo reply) {
    started_ = std::move(reply);
    tap_ = process_.tap();
    stream_ = std::make_unique<Streaming>(
        tap_, std::move(wanted),
        [this, alive = std::weak_ptr<const int>{alive_}, &loop = shell_.loop()](const StreamEvent& event) {
            loop.post([this, alive, event] {
                if (!alive.expired()) {
                    handle(event);
                }
            });
        });
    note_.stream(RunningNote::Stream{stream_->target(), stream_->format()});
}

void Streamer::stop(OscReplyTo reply) {
    if (!stream_) {
        throw OscError{OscErrorCode::not_ready, "nothing is being streamed"};
    }
    refuse_next();
    stream_->stop();
    stopped_.push_back(std::move(reply));
}

void Streamer::played(const Title& title) {
    playing_ = title;
    if (stream_) {
        stream_->played(title);
    }
}

void Streamer::connected() {
    if (std::exchange(first_server_, false)) {
        const auto left_behind = shell_.options().resume ? note_.left_behind() : RunningNote::Contents{};
        playing_ = playing_.empty() ? left_behind.playing : playing_;
        if (left_behind.stream) {
            begin(request(*left_behind.stream, first_ever, true), {});
        } else if (settings_.from_start) {
            begin(request(*settings_.from_start, first_ever, true), {});  // nobody is there to start it again
        } else {
            note_.stream({});
        }
        return;
    }
    if (stream_ && tap_ != process_.tap() && stopped_.empty() && !next_) {
        RunningNote::Stream same{stream_->target(), stream_->format()};
        if (const auto rate = process_.tap()->rate();
            same.format == StreamFormat::opus && !opus_takes(static_cast<int>(std::lround(rate)))) {
            log_event(LogLevel::warning, "stream-continues-as-vorbis",
                      {{"why", "Opus can't be encoded at the server's new rate"}, {"rate", rate}});
            same.format = StreamFormat::vorbis;
        }
        next_ = Next{[this, same](const OscReplyTo&) { begin(request(same, first_ever, true), {}); }, {}};
        stream_->stop();
    }
}

void Streamer::handle(const StreamEvent& event) {
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
        const auto reply = std::exchange(started_, {});
        reply.send(reply.reply().text(shown));
        publish(at::mixer_stream_connected);
        return;
    }
    case StreamEvent::Kind::unreachable:
        log_event(LogLevel::warning, "stream-unreachable", {{"why", event.text}, {"do", "trying again"}});
        std::exchange(started_, {})
            .error(OscErrorCode::failed, "cannot reach " + event.text + ": trying again until /mixer/stream/stop");
        publish(at::mixer_stream_unreachable);
        return;
    case StreamEvent::Kind::lost:
        log_event(LogLevel::warning, "stream-lost", {{"why", event.text}, {"do", "reconnecting"}});
        publish(at::mixer_stream_lost);
        return;
    case StreamEvent::Kind::skipped:
        log_event(LogLevel::warning, "stream-skipped", {{"to", shown}, {"frames", event.frames}});
        shell_.osc().publish(
            OscMessage{at::mixer_stream_skipped}.text(shown).precise(static_cast<double>(event.frames)));
        return;
    case StreamEvent::Kind::titled:
        log_event(LogLevel::debug, "stream-titled", {{"to", shown}});
        return;
    case StreamEvent::Kind::failed:
    case StreamEvent::Kind::finished:
        ended(event);
        return;
    }
}

/// Before anybody is told it is over: who then looks finds everything as it was said.
void Streamer::ended(const StreamEvent& event) {
    const std::string shown = stream_->target().shown();
    stream_.reset();
    note_.stream({});
    if (event.kind == StreamEvent::Kind::failed) {
        log_event(LogLevel::error, "stream-failed", {{"why", event.text}});
        std::exchange(started_, {}).error(OscErrorCode::refused, event.text);
        shell_.osc().publish(OscMessage{at::mixer_stream_failed}.text(shown).text(event.text));
    } else {
        log_event(LogLevel::info, "streamed", {{"to", shown}});
        std::exchange(started_, {}).error(OscErrorCode::failed, "stopped before " + shown + " was connected");
    }
    for (const OscReplyTo& to : std::exchange(stopped_, {})) {
        to.send(to.reply().text(shown));
    }
    if (const auto next = std::exchange(next_, {})) {
        try {
            next->begin(next->reply);
        } catch (const std::exception& error) {
            log_event(LogLevel::error, "stream-failed", {{"why", error.what()}});
            next->reply.error(OscErrorCode::failed, error.what());
        }
    }
    if (finished_ && !stream_) {
        std::exchange(finished_, nullptr)();
    }
}

void Streamer::finish(std::function<void()> done) {
    refuse_next();
    if (!stream_) {
        done();
        return;
    }
    finished_ = std::move(done);
    stream_->stop();
}

void Streamer::refuse_next() {
    if (const auto never = std::exchange(next_, {})) {
        never->reply.error(OscErrorCode::failed, "stopped before it began");
    }
}

}  // namespace crowdjack
