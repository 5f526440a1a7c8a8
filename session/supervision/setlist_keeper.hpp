// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/music_folders.hpp"
#include "session/session_file.hpp"
#include "session/supervision/child_process.hpp"
#include "session/supervision/log_relay.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace crowdjack {

/// Where commands may find setlists: home and the working folder (unless the network may command), the session file's
/// folder, and those that its clients may play from.
[[nodiscard]] MusicFolders setlist_folders(const SessionFile& session, bool open_to_network);

/// The session's setlist: one `crowdjack-session setlist` at a time, started again when it dies. It takes over what it
/// finds playing, so the set goes on. Control thread only.
class SetlistKeeper {
public:
    SetlistKeeper(ControlLoop& loop, LogRelay& logs, std::string server);

    /// @param source  an export's CSV, a folder of music or a playlist
    /// @param again_and_again  the set begins anew when all is played
    /// @param options  further options of `crowdjack-session setlist`, asked for at each of its starts; may be empty
    /// @throws OscError when one plays already or there is no such file
    void start(const std::string& source, bool again_and_again, std::function<std::vector<std::string>()> options = {});
    /// The same for a path that a command names, once. @throws OscError also when it leads out of `folders`; Failure
    /// naming the line of what makes it no setlist
    void start_named(const std::string& wanted, const MusicFolders& folders);
    /// Asks it to fade out and end; it is not started again. @returns false when none runs that was started here
    bool stop();

    [[nodiscard]] bool wanted() const noexcept { return !csv_.empty(); }
    /// It keeps ending soon after its starts.
    [[nodiscard]] bool failing() const noexcept { return !csv_.empty() && restarts_.failing(); }

private:
    void launch();
    void ended(const Ending& ending);

    ControlLoop& loop_;
    LogRelay& logs_;
    const std::string server_;
    std::string csv_;  ///< empty: none is wanted
    bool again_and_again_{false};
    std::function<std::vector<std::string>()> options_;
    std::optional<ChildProcess> process_;
    RestartPolicy restarts_;
};

}  // namespace crowdjack
