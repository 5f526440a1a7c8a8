// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

namespace crowdjack {

/// Where the registries of this user lie. The first that can be used of
///   $XDG_RUNTIME_DIR/crowdjack   where $XDG_RUNTIME_DIR is there (it goes when the user logs out without linger),
///   /tmp/crowdjack-UID,
///   $HOME/.cache/crowdjack/run.
/// One that belongs to somebody else, or is no folder, is refused: whoever made it could pretend to be any client.
struct RuntimeFolder {
    std::filesystem::path path;
    std::string refused;  ///< which were passed over, and why; empty: none
};

/// Looked at anew each time, so that all programs agree also after one of them went or came back. Makes nothing.
[[nodiscard]] RuntimeFolder runtime_folder();

}  // namespace crowdjack
