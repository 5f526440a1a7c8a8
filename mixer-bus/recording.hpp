// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/recording_file.hpp"
#include "mixer-bus/tap.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace crowdjack {

/// What happened to a recording; told once each, on its worker thread.
struct RecordingEvent {
    enum class Kind { opened, finished, failed } kind{};
    std::string text;  ///< failed: what, which, why
};

/// One recording of the tap in a thread of its own, from a frame to a frame. Frames lost to a writer that stalled for
/// longer than the tap holds become silence of their exact length and are counted.
class Recording {
public:
    struct Request {
        std::filesystem::path path;  ///< checked and absolute
        RecordingFormat format{};
        JackFrame from{};  ///< first frame
        /// Makes the sink; the default is create_file(path). Runs on the worker: a frozen disk freezes nothing else.
        std::function<std::unique_ptr<ByteSink>()> open;
    };
    using Listener = std::function<void(const RecordingEvent&)>;

    /// Attaches to the tap at once, whatever opening the file takes.
    Recording(std::shared_ptr<Tap> tap, Request request, Listener listener);
    /// Ends it now. A file that can't be finished within 1.2 s of the first stop() (frozen disk) is left to its thread.
    ~Recording();
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

    /// Ends before `frame`, which may have passed (what is encoded, FLAC and Ogg, then holds what was written since);
    /// without one, at what has been written to the tap so far. The file is whole at `finished`.
    void stop(std::optional<JackFrame> frame = {});

    enum class State { opening, waiting, recording, finished, failed };
    struct Status {
        State state{};
        JackFrame from{};  ///< first frame in the file: the one asked for, or the oldest the tap held
        std::int64_t frames{}, lost{}, dropouts{}, lag{};
    };
    [[nodiscard]] Status status() const;
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    struct Shared;
    std::filesystem::path path_;
    std::shared_ptr<Shared> shared_;
};

[[nodiscard]] const char* name_of(Recording::State state) noexcept;

}  // namespace crowdjack
