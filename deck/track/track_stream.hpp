// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "deck/track/residency_plan.hpp"
#include "deck/track/sample_source.hpp"
#include "deck/track/track_windows.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace crowdjack {

/// One track on its way from storage to the audio thread: a worker opens it, keeps what may be heard next resident and
/// decodes ahead. Storage that blocks blocks this worker alone, also at the end: it is left to end by itself.
///
/// Control thread, but for windows(), whose audio part belongs to the audio thread, and source().
class TrackStream {
public:
    using Open = std::function<std::shared_ptr<SampleSource>()>;
    /// Called on the worker: ready, or why not.
    using Opened = std::function<void(std::optional<std::string> failure)>;
    /// Called on the worker.
    using Ready = std::function<void()>;

    /// Begins to open. @param opened  called once, when the frames at `start_s` are in memory or it failed
    TrackStream(Open open, double start_s, std::shared_ptr<const AudioEpoch> epoch, Opened opened);
    ~TrackStream();
    TrackStream(const TrackStream&) = delete;
    TrackStream& operator=(const TrackStream&) = delete;

    /// Only after `opened` said ready; then valid as long as this stream.
    /// @{
    [[nodiscard]] const TrackFormat& format() const noexcept;
    [[nodiscard]] TrackWindows& windows() noexcept;
    [[nodiscard]] const std::shared_ptr<SampleSource>& source() const noexcept;
    /// @}

    void set_armed(std::optional<std::int64_t> frame);
    void set_points(std::vector<std::int64_t> frames);
    void set_loop(std::optional<ResidencyWants::Loop> loop);

    /// Makes the small window at `frame` resident and says so; the window stays wanted until the next seek or
    /// `release`.
    void seek_ahead(std::int64_t frame, Ready ready);

    /// Audio thread in a freewheeling server (RealtimeExemption): waits until the pages of [first, end) are there, can
    /// never be, or 10 s passed.
    void wait_for(std::int64_t first, std::int64_t end);

    /// Bytes of memory that hold audio: windows and decoded chunks.
    [[nodiscard]] std::size_t resident_bytes() const noexcept;

private:
    struct State;
    std::shared_ptr<State> state_;
    std::thread worker_;
};

}  // namespace crowdjack
