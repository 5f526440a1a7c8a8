// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "session/patch/patchbay.hpp"
#include "session/supervision/clients.hpp"
#include "session/supervision/pulse_watch.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace crowdjack {

/// Looks at the pulses of the session's clients and has those killed that hang. Control thread.
class Watchdog {
public:
    Watchdog(ClientShell& shell, Clients& clients);

    /// Who is there, and who feeds whom; call when either changed.
    void see_peers(const std::vector<PeerInfo>& peers);
    void see_patch(const PatchStatus& status);

    /// Frames of an earlier server, pulses of an earlier life: begin anew.
    void forget_all() { watch_.forget_all(); }

private:
    void look();
    void look_later();
    void forget_pulse(const std::string& client);
    [[nodiscard]] bool may_kill(const std::string& client) const;
    [[nodiscard]] std::string hanging_stranger(const std::string& client) const;
    [[nodiscard]] bool may_kill_stranger(const std::string& client) const;
    [[nodiscard]] bool stands_behind_a_stranger(const std::string& client);

    ClientShell& shell_;
    Clients& clients_;
    PulseWatch watch_;
    std::map<std::string, PulseReader> pulses_;              ///< by plain name
    std::map<std::string, std::set<std::string>> upstream_;  ///< plain name → plain names that feed it
    std::map<std::string, std::set<std::string>>
        strangers_;                ///< plain name → JACK clients without a pulse that feed it
    std::set<std::string> peers_;  ///< plain names in the registry
};

}  // namespace crowdjack
