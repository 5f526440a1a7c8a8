// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "mixer-bus/mixer_process.hpp"
#include "mixer-bus/running_note.hpp"
#include "mixer-bus/streaming.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace crowdjack {

/// What the command line says about the stream.
struct StreamerSettings {
    std::optional<RunningNote::Stream> from_start;  ///< --stream-url-file
    Station station;
};

/// The one stream of the mix: begins, ends and goes on after a crash. Control thread.
class Streamer {
public:
    /// All outlive it.
    Streamer(ClientShell& shell, MixerProcess& process, RunningNote& note, StreamerSettings settings);
    ~Streamer();

    /// Throws OscError when it can't begin. The answer goes out when the server took it (or didn't). While one is
    /// ending, the next waits for it.
    void start(const RunningNote::Stream& wanted, const OscReplyTo& reply);
    void stop(OscReplyTo reply);
    /// From now on, `title` plays.
    void played(const Title& title);

    /// A server is there (again) or its rate changed: what --stream-url-file or --resume asks for begins, and at
    /// another rate the stream goes on with it.
    void connected();
    /// Ends it; calls `done` when the stream is closed.
    void finish(std::function<void()> done);

    [[nodiscard]] const Streaming* stream() const noexcept { return stream_.get(); }

private:
    struct Next {
        std::function<void(const OscReplyTo&)> begin;
        OscReplyTo reply;
    };

    void begin(Streaming::Request request, OscReplyTo reply);
    [[nodiscard]] Streaming::Request request(const RunningNote::Stream& wanted, JackFrame from, bool again) const;
    void handle(const StreamEvent& event);
    void ended(const StreamEvent& event);
    void refuse_next();

    ClientShell& shell_;
    MixerProcess& process_;
    RunningNote& note_;
    StreamerSettings settings_;
    std::shared_ptr<const int> alive_{std::make_shared<const int>(0)};
    std::unique_ptr<Streaming> stream_;
    std::shared_ptr<Tap> tap_;  ///< the one it reads from
    Title playing_;
    OscReplyTo started_;
    std::vector<OscReplyTo> stopped_;  ///< who asked for an end and waits for it
    std::optional<Next> next_;
    bool first_server_{true};
    std::function<void()> finished_;
};

}  // namespace crowdjack
