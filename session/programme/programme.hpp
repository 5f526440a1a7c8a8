// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "session/programme/opening_hours.hpp"
#include "session/supervision/setlist_keeper.hpp"

#include <functional>
#include <string>
#include <vector>

namespace crowdjack {

/// Which set a session plays by itself, and when: that of --setlist or of [setlist], once all is patched, in its hours,
/// again and again. Takes over the one it finds playing. Control thread only.
class Programme {
public:
    struct Plan {
        std::string source;  ///< empty: none
        OpeningHours hours;
        /// Options of `crowdjack-session setlist`, asked for at each start.
        std::function<std::vector<std::string>()> options;
    };

    Programme(ClientShell& shell, SetlistKeeper& keeper, Plan plan);

    /// Everything is connected: from now on it may play.
    void patch_is_whole();
    [[nodiscard]] bool closed() const noexcept { return !open_; }
    /// Outside its hours, and while somebody has it wait, nobody expects to hear anything.
    [[nodiscard]] bool silence_is_meant() const noexcept { return !open_ || paused_; }
    [[nodiscard]] const Plan& plan() const noexcept { return plan_; }

private:
    void look();
    void open();
    void close();
    [[nodiscard]] bool setlist_runs();

    ClientShell& shell_;
    SetlistKeeper& keeper_;
    Plan plan_;
    bool open_{true};
    bool due_{false};    ///< to begin as soon as it may
    bool whole_{false};  ///< the patch has been
    bool paused_{false};
    bool found_{false};  ///< one of an earlier session plays: not our child, but our business
};

}  // namespace crowdjack
