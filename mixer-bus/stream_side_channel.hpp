// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/cue_sheet.hpp"
#include "mixer-bus/http.hpp"
#include "mixer-bus/stream_target.hpp"

#include <chrono>
#include <memory>
#include <optional>

namespace crowdjack {

/// What is said to and asked of an Icecast server beside the stream itself: titles that the stream can't carry, and how
/// many listen. One thread (a worker's); no call blocks.
class StreamSideChannel {
public:
    explicit StreamSideChannel(StreamTarget target);

    /// Tells the server, and again when it doesn't take it (right after connecting it may not know the mount yet).
    void tell(const Title& title);
    /// To be called every few ms while the stream is connected.
    void proceed();

    /// True once after the server took a title.
    [[nodiscard]] bool take_told() noexcept;
    [[nodiscard]] std::optional<int> listeners() const noexcept { return listeners_; }

private:
    using Clock = std::chrono::steady_clock;
    void proceed_title(Clock::time_point now);
    void proceed_listeners(Clock::time_point now);

    StreamTarget target_;
    std::optional<Title> title_;  ///< still to be told
    int attempts_left_{0};
    bool told_{false};
    Clock::time_point title_at_{}, listeners_at_{};
    std::unique_ptr<HttpGet> title_get_, listeners_get_;
    std::optional<int> listeners_;
};

/// The listeners of `mount` in an Icecast server's /status-json.xsl; nothing when that doesn't say.
[[nodiscard]] std::optional<int> listeners_in(std::string_view status_json, const std::string& mount);

}  // namespace crowdjack
