// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/common_options.hpp"
#include "common/music_folders.hpp"
#include "mixer-bus/desk.hpp"
#include "mixer-bus/takes.hpp"

namespace crowdjack {

/// The mixer's command line, read and checked.
struct MixerOptions {
    CommonOptions common;
    DeskSetup desk;
    MusicFolders folders{{}};
    Takes::Wishes wishes;
};

/// @returns nothing when --help or --version was answered
/// @throws UsageError; Failure when --record or --stream-url-file name a file that can't be used
[[nodiscard]] std::optional<MixerOptions> read_mixer_options(int argc, const char* const* argv);

}  // namespace crowdjack
