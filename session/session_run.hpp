// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/api/front_door.hpp"
#include "session/api/hand_titles.hpp"
#include "session/api/movement_relay.hpp"
#include "session/api/native_door.hpp"
#include "session/api/pass_through.hpp"
#include "session/guard/guard.hpp"
#include "session/patch/patch_memory.hpp"
#include "session/patch/patchbay.hpp"
#include "session/programme/programme.hpp"
#include "session/status/budget_log.hpp"
#include "session/supervision/clients.hpp"
#include "session/supervision/jack_server.hpp"
#include "session/supervision/setlist_keeper.hpp"
#include "session/supervision/watchdog.hpp"
#include "session/systemd/service_notice.hpp"

#include <memory>
#include <string>

namespace crowdjack {

/// A running session: its parts, and who tells whom what. Built before the loop runs; control thread only.
class SessionRun {
public:
    struct Settings {
        bool legacy_levels{false};
        bool patch_is_state{false};  ///< under NSM: the patch is what is saved; there is no session file
        Programme::Plan plan{};      ///< the set to play, once all is patched
    };

    SessionRun(ClientShell& shell, SessionFile session, Settings settings);
    ~SessionRun();

    /// Makes sure that a JACK server answers; before shell.run(). @returns false when this program was told to stop
    /// before one did @throws Failure
    [[nodiscard]] bool ensure_server();
    /// After shell.run(): lets go of JACK and stops a server of ours, unless somebody else uses it.
    void finish();

private:
    void connected();
    void disconnected();
    void registry_changed();
    void patch_changed();
    void watch_registry();
    void follow_registry_folder() const;
    void stop(std::function<void()> finished);
    void save_patch();
    void restore_patch(const std::string& text);
    void remember_patch();
    void new_run(bool began);
    bool show_gui(bool show);
    void tell_service();
    void describe(OscMessage& state) const;
    void play_tone(double hz);
    void end_tones();
    void guard_door();
    [[nodiscard]] std::string state_text() const;
    [[nodiscard]] bool strangers_use_the_server() const;

    ClientShell& shell_;
    SessionFile session_;
    Settings settings_;
    WantedGraph wanted_;
    LogRelay logs_;
    JackServer server_;
    Patchbay patchbay_;
    Clients clients_;
    Watchdog watchdog_;
    BudgetLog budget_;
    DeckStates decks_;
    HandTitles titles_;
    FallbackTempo tempo_;
    SetlistKeeper setlist_;
    Programme programme_;
    Guard guard_;
    ServiceNotice service_;
    MusicFolders setlist_folders_;
    RemoteDecks remotes_;
    GroupStarter starter_;
    CrowdstreamDoor crowdstream_;
    MovementRelay movement_;
    NativeDoor native_;
    PassThrough pass_through_;
    std::map<int, ChildProcess> tones_;  ///< /test_tone: the last, and those before that are ending
    int last_tone_{0};
    int registry_fd_{-1};
    bool begun_{false};
    bool was_whole_{false};                          ///< once: on_start has run
    std::string told_;                               ///< to the service manager
    std::map<std::string, std::string> jack_names_;  ///< of the peers: JACK name → plain name
    PatchMemory memory_;                             ///< under NSM
    bool memory_look_due_{false};
    std::optional<ChildProcess> gui_;
    std::map<std::string, pid_t> earlier_;  ///< pids of an earlier run of this session
};

}  // namespace crowdjack
