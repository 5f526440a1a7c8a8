// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "deck/control/stream_book.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace crowdjack {

/// Brings places of tracks into memory for one kind of command (a seek, a start at a position), one at a time: of what
/// is asked meanwhile the newest is sought next, and the others are told why they are not. So a burst of requests never
/// takes the storage away from what plays. Control thread.
class PlaceSeeker {
public:
    using Ready = std::function<void()>;
    using Failed = std::function<void(const std::string& why)>;

    /// @param command  for messages: "/deck/seek"
    PlaceSeeker(ControlLoop& loop, std::string command) : loop_{loop}, command_{std::move(command)} {}

    /// Calls `ready` when the frames at `frame` are in memory, or `failed` when they are not within 5 s, something
    /// newer is asked for, or cancel() is called.
    void seek(StreamBook::Owned stream, std::int64_t frame, Ready ready, Failed failed);

    /// The track is another one now: whoever waits is told `why`.
    void cancel(const std::string& why);

private:
    struct Wish {
        StreamBook::Owned stream;
        std::int64_t frame{};
        Ready ready;
        Failed failed;
    };
    struct Attempt {
        Wish wish;
        bool wanted{true};
    };

    void begin(Wish wish);
    void finished(const std::shared_ptr<Attempt>& attempt, bool ready);
    static void refuse(Attempt& attempt, const std::string& why);

    ControlLoop& loop_;
    std::string command_;
    std::shared_ptr<Attempt> current_;
    std::optional<Wish> next_;
};

}  // namespace crowdjack
