// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "mixer-bus/stream_target.hpp"

#include <filesystem>
#include <optional>

namespace crowdjack {

/// What is being taken from the mix, as a mixer that comes back after a crash needs it.
struct TakeNote {
    std::filesystem::path recording;  ///< as asked for; empty: none
    std::optional<StreamTarget> stream;
    StreamFormat format{StreamFormat::vorbis};

    [[nodiscard]] bool empty() const noexcept { return recording.empty() && !stream; }
};

/// Writes the note atomically and for its owner's eyes only (it holds the stream's password); an empty one is removed.
/// @throws Failure naming the path
void write_take_note(const std::filesystem::path& path, const TakeNote& note);

/// The note there is; an empty one when there is none or it can't be understood.
[[nodiscard]] TakeNote read_take_note(const std::filesystem::path& path);

}  // namespace crowdjack
