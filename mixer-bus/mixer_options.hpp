// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/common_options.hpp"
#include "common/music_folders.hpp"
#include "mixer-bus/mixer_control.hpp"
#include "mixer-bus/recorder.hpp"
#include "mixer-bus/streamer.hpp"

namespace crowdjack {

/// The mixer's command line, read and checked.
struct MixerOptions {
    CommonOptions common;
    ControlSetup control;
    MusicFolders folders{{}};
    RecorderSettings recorder;
    StreamerSettings streamer;
};

/// @returns nothing when --help or --version was answered
/// @throws UsageError; Failure when --record or --stream-url-file name a file that can't be used
[[nodiscard]] std::optional<MixerOptions> read_mixer_options(int argc, const char* const* argv);

}  // namespace crowdjack
