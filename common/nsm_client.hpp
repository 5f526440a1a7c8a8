// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "common/osc_server.hpp"

#include <functional>
#include <string>

namespace crowdjack {

/// $NSM_URL; nullptr when no session manager runs this program.
[[nodiscard]] const char* nsm_url();

/// The client's side of the NSM protocol (API 1.1): announces itself and answers open, save and session_is_loaded.
///
/// Speaks through the program's own OSC server, because the session manager knows its clients by their port. A session
/// manager that dies is said once; the program carries on. Control thread only.
class NsmClient {
public:
    struct Callbacks {
        /// Opens (or, with :switch:, changes to) the project at `path`, which may not exist yet, under JACK name
        /// `client_id`. Throws when it can't.
        std::function<void(const std::string& path, const std::string& client_id)> open;
        /// Saves the open project. Throws when it can't.
        std::function<void()> save;
    };

    /// @param url  $NSM_URL
    /// @param label  shown to the user, e.g. "crowdjack deck"
    /// @param executable  the name this program was started by: no '/', on PATH
    NsmClient(OscServer& osc, const std::string& url, std::string label, std::string executable, Callbacks callbacks);

    /// Says hello; `open` follows.
    void announce();
    /// Tells the session manager whether there is something to save.
    void set_dirty(bool dirty);
    [[nodiscard]] bool is_open() const noexcept { return open_; }

private:
    void on_open(const OscRequest& request);
    void on_save(const OscRequest& request);
    [[nodiscard]] bool from_server(const OscRequest& request) const;
    void refuse(const OscRequest& request, int code, const std::string& why) const;

    OscServer& osc_;
    OscEndpoint server_;
    std::string label_, executable_;
    Callbacks callbacks_;
    bool open_{false};
    bool dirty_{false};
};

}  // namespace crowdjack
