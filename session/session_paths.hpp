// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/session_file.hpp"

#include <filesystem>
#include <string>

namespace crowdjack {

/// `~` and `~/…` mean the home folder; a relative path lies beside the session file.
[[nodiscard]] std::filesystem::path beside_session(const std::string& path, const std::filesystem::path& session_file);

/// Makes paths in the clients' `run` absolute: what follows an option for a file or folder, and what is there beside
/// the session file. Adds [music] dirs and the folder of the [setlist] to every client of the suite that takes
/// --music-dir. A mixer with no folders of its own keeps those it would have without them: recordings need them.
void resolve_session_paths(SessionFile& session);

}  // namespace crowdjack
