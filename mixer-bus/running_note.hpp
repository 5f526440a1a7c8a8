// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/cue_sheet.hpp"
#include "mixer-bus/stream_target.hpp"

#include <filesystem>
#include <functional>
#include <optional>

namespace crowdjack {

/// What is being recorded and streamed, noted for a mixer that comes back after a crash: CLIENT.running.state beside
/// the registry entry, mode 0600 (it holds the stream's password). Control thread.
///
/// A note never gets into a session's or NSM's project, so opening one doesn't start to record.
class RunningNote {
public:
    /// @param path  where it lies; asked at each use, for a client gets its name late
    explicit RunningNote(std::function<std::filesystem::path()> path) : path_{std::move(path)} {}

    struct Stream {
        StreamTarget target;
        StreamFormat format{StreamFormat::vorbis};
    };
    struct Contents {
        std::filesystem::path recording;  ///< as asked for; empty: none
        std::optional<Stream> stream;
        Title playing;
    };
    /// What an earlier run left behind, whatever was noted since; nothing that can't be understood.
    [[nodiscard]] const Contents& left_behind();

    /// Each rewrites the note, atomically; an empty one is removed.
    void recording(const std::filesystem::path& asked);
    void stream(std::optional<Stream> stream);
    void playing(const Title& title);

private:
    [[nodiscard]] Contents read() const;
    void write();

    std::function<std::filesystem::path()> path_;
    Contents now_;
    std::optional<Contents> left_behind_;
};

}  // namespace crowdjack
