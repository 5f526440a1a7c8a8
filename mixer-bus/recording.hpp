// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/cue_sheet.hpp"
#include "mixer-bus/recording_file.hpp"
#include "mixer-bus/recording_keep.hpp"
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
    enum class Kind {
        opened,    ///< a file begins (each file of a recording that is split)
        closed,    ///< a file is whole, and the next one begins
        finished,  ///< the last file is whole
        failed,    ///< it ended; what was recorded is kept
        removed,   ///< --record-keep removed the recording `path`
        no_sheet,  ///< the cue sheet of `path` could not be written
    } kind{};
    std::filesystem::path path;
    JackFrame from{};       ///< of the file's first frame
    std::int64_t frames{};  ///< in the file
    std::string text;       ///< failed, no_sheet: what, which, why
};

/// One recording of the tap in a thread of its own, from a frame to a frame, in one file or, split, in several that
/// follow each other without a lost or doubled frame. Frames lost to a writer that stalled for longer than the tap
/// holds become silence of their exact length and are counted.
class Recording {
public:
    struct Request {
        std::filesystem::path path;  ///< of the first file; checked and absolute
        RecordingFormat format{};
        JackFrame from{};  ///< first frame
        SampleWidth width{SampleWidth::f32};
        Frames split{};  ///< frames of each file; 0: all in one
        /// The path of the next file; called on the worker. Empty: the name is the only one.
        std::function<std::filesystem::path()> next_path{};
        /// What to remove, and when; nothing: nothing ever.
        std::optional<RecordingKeep> keep{};
        Title playing{};  ///< at the beginning
        /// Makes the sink; the default is create_file(path). Runs on the worker: a frozen disk freezes nothing else.
        std::function<std::unique_ptr<ByteSink>()> open{};
    };
    using Listener = std::function<void(const RecordingEvent&)>;

    /// Attaches to the tap at once, whatever opening the file takes.
    Recording(std::shared_ptr<Tap> tap, Request request, Listener listener);
    /// Ends it now. A file that can't be finished within 1.2 s of the first stop() (frozen disk) is left to its thread.
    ~Recording();
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

    /// Ends before `frame`, which may have passed (what is encoded then holds what was written since); without one, at
    /// what has been written to the tap so far. The file is whole at `finished`.
    void stop(std::optional<JackFrame> frame = {});
    /// From that frame on, `title` plays: it goes into the cue sheet.
    void played(JackFrame frame, const Title& title);

    enum class State { opening, waiting, recording, finished, failed };
    struct Status {
        State state{};
        std::filesystem::path path;  ///< of the file being written
        JackFrame from{};            ///< first frame in it: the one asked for, or the oldest the tap held
        std::int64_t frames{};       ///< in it
        std::int64_t lost{}, dropouts{}, lag{};
    };
    [[nodiscard]] Status status() const;
    [[nodiscard]] std::filesystem::path path() const { return status().path; }

private:
    struct Shared;
    std::shared_ptr<Shared> shared_;
};

[[nodiscard]] const char* name_of(Recording::State state) noexcept;

}  // namespace crowdjack
