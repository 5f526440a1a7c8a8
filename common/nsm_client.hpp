// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/control_loop.hpp"
#include "common/manager_mark.hpp"
#include "common/osc_server.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace crowdjack {

/// $NSM_URL; nullptr when no session manager runs this program.
[[nodiscard]] const char* nsm_url();

/// What a session manager asks to be opened.
struct NsmProject {
    std::string path;       ///< a file or folder of the client's own; may not exist yet
    std::string client_id;  ///< the JACK name to take
};

/// The client's side of the NSM protocol (API 1.1): announces itself, answers open, save and the optional GUI, and
/// tells the manager what there is to tell.
///
/// Speaks through the program's own OSC server, because the session manager knows its clients by their port; obeys that
/// manager's address only. A session manager that dies takes nobody with it. Control thread only.
class NsmClient {
public:
    /// Why it could not be opened; nothing when it was.
    using Opened = std::function<void(const std::optional<std::string>& failure)>;

    struct Callbacks {
        /// Opens (or, with :switch:, changes to) a project, then calls `opened`, perhaps later.
        std::function<void(const NsmProject& project, Opened opened)> open;
        /// Saves the open project. Throws when it can't.
        std::function<void()> save;
        /// Nobody welcomed the announcement within 2 s: $NSM_URL is stale.
        std::function<void()> alone;
        /// Shows or hides a view. @returns whether it is shown now. May be empty: there is none.
        std::function<bool(bool show)> show_gui{};
    };

    /// @param url  $NSM_URL
    /// @param label  shown to the user, e.g. "crowdjack deck"
    /// @param executable  the name this program was started by: no '/', on PATH
    NsmClient(ControlLoop& loop, OscServer& osc, const std::string& url, std::string label, std::string executable,
              Callbacks callbacks);

    /// Says hello; `open` follows.
    void announce();
    /// Tells the session manager whether there is something to save.
    void set_dirty(bool dirty);
    /// What tells this client from others like it in the manager's list. Sent when it changed.
    void set_label(const std::string& label);
    /// The user closed the view that `show_gui` had shown.
    void view_closed() { tell_open(false); }
    /// How far opening or saving is, 0…1.
    void set_progress(double part);
    /// For the user to read. @param priority  0…3, 3 the most urgent
    void tell(int priority, const std::string& message);

    [[nodiscard]] bool is_open() const noexcept { return open_; }
    [[nodiscard]] std::uint16_t port() const noexcept { return server_.port(); }

private:
    void on_open(const OscRequest& request);
    void on_save(const OscRequest& request);
    void on_gui(const OscRequest& request, bool show);
    void tell_open(bool shown);
    [[nodiscard]] bool from_server(const OscRequest& request) const;
    void refuse(const OscReplyTo& to, int code, const std::string& why) const;

    ControlLoop& loop_;
    OscServer& osc_;
    OscEndpoint server_;
    std::string label_, executable_;
    SwitchClaim may_switch_;
    Callbacks callbacks_;
    std::string told_label_;
    bool welcome_{false};
    bool open_{false};
    bool dirty_{false};
};

}  // namespace crowdjack
