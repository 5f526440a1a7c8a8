// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/cue_sheet.hpp"
#include "mixer-bus/stream_target.hpp"
#include "mixer-bus/tap.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace crowdjack {

/// What happened to a stream; told on its worker thread. No text holds the password.
struct StreamEvent {
    enum class Kind {
        connected,    ///< the server takes sound
        unreachable,  ///< not connected: tries again by itself
        lost,         ///< was connected: tries again by itself
        skipped,      ///< `frames` could not be sent in time and are gone
        failed,       ///< the server refuses at first, or the rate can't be encoded: over
        titled,       ///< the server took a title
        finished,
    } kind{};
    std::string text;
    std::int64_t frames{};
};

/// One stream of the tap to an Icecast server in a thread of its own: begins at a frame, whatever the handshake takes
/// (at most 5 s an attempt); sends silence while the tap stands still, so that the server keeps the listeners;
/// reconnects by itself with growing pauses (at most 2 s) and goes on where it stopped, as far back as the tap reaches.
/// Only a refusal of the first connection ends it: later the server may not have noticed yet that the old one is gone.
class Streaming {
public:
    struct Request {
        StreamTarget target;
        StreamFormat format{};
        JackFrame from{};
        Station station{};
        Title playing{};    ///< at the beginning
        bool again{false};  ///< it was accepted before: a server that refuses still holds the mount for the one gone
    };
    using Listener = std::function<void(const StreamEvent&)>;

    Streaming(std::shared_ptr<Tap> tap, Request request, Listener listener);
    /// Ends it; a server that takes nothing more is left after 0.5 s.
    ~Streaming();
    Streaming(const Streaming&) = delete;
    Streaming& operator=(const Streaming&) = delete;

    /// Ends the stream after what has been written to the tap so far; `finished` follows.
    void stop();

    /// What plays from now on: the listeners are told, and told again after each reconnection.
    void played(const Title& title);

    enum class State { connecting, streaming, waiting, finished, failed };
    struct Status {
        State state{};
        std::int64_t frames{}, lost{}, dropouts{}, lag{};
        std::int64_t connections{};    ///< times connected
        std::optional<int> listeners;  ///< as the server counts them; nothing while it doesn't say
    };
    [[nodiscard]] Status status() const;
    [[nodiscard]] const StreamTarget& target() const noexcept;
    [[nodiscard]] StreamFormat format() const noexcept;

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

[[nodiscard]] const char* name_of(Streaming::State state) noexcept;

}  // namespace crowdjack
