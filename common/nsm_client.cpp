// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/nsm_client.hpp"

#include "common/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <utility>

namespace crowdjack {

namespace {

// Error codes of the NSM API.
constexpr int error_general = -1;
constexpr int error_save_failed = -10;

constexpr auto welcome_patience = std::chrono::seconds{2};
constexpr const char* capabilities = ":dirty:progress:message:";

}  // namespace

const char* nsm_url() {
    const char* url = std::getenv("NSM_URL");
    return url != nullptr && *url != '\0' ? url : nullptr;
}

NsmClient::NsmClient(ControlLoop& loop, OscServer& osc, const std::string& url, std::string label,
                     std::string executable, Callbacks callbacks)
    : loop_{loop},
      osc_{osc},
      server_{OscEndpoint::parse(url)},
      label_{std::move(label)},
      executable_{std::move(executable)},
      may_switch_{server_.port(), executable_},
      callbacks_{std::move(callbacks)} {
    // nsmd names this machine by its host name; it listens everywhere, and our socket is bound to the loopback.
    server_ = OscEndpoint::loopback(server_.port());
    osc_.handle_report("/nsm/client/open", [this](const OscRequest& request) { on_open(request); });
    osc_.handle_report("/nsm/client/save", [this](const OscRequest& request) { on_save(request); });
    osc_.handle_report("/nsm/client/session_is_loaded", [](const OscRequest&) {});
    osc_.handle_report("/nsm/client/show_optional_gui", [this](const OscRequest& request) { on_gui(request, true); });
    osc_.handle_report("/nsm/client/hide_optional_gui", [this](const OscRequest& request) { on_gui(request, false); });
    osc_.handle_report(at::reply, [this](const OscRequest& request) {
        const OscArguments& arguments = request.arguments;
        if (from_server(request) && arguments.is_text(0) && arguments.text(0, "address") == "/nsm/server/announce") {
            welcome_ = true;
            log_event(LogLevel::info, "nsm-welcome", {{"manager", arguments.text(2, "manager")}});
        }
    });
    osc_.handle_report(at::error, [this](const OscRequest& request) {
        const OscArguments& arguments = request.arguments;
        if (from_server(request) && arguments.is_text(0) && arguments.text(0, "address") == "/nsm/server/announce") {
            log_event(LogLevel::error, "nsm-refuses", {{"why", arguments.text(2, "message")}});
        }
    });
}

void NsmClient::announce() {
    osc_.send(server_, OscMessage{"/nsm/server/announce"}
                           .text(label_)
                           .text(std::string{capabilities} + (may_switch_.held() ? "switch:" : "") +
                                 (callbacks_.show_gui ? "optional-gui:" : ""))
                           .text(executable_)
                           .integer(1)
                           .integer(1)
                           .integer(static_cast<std::int32_t>(::getpid())));
    loop_.after(welcome_patience, [this] {
        if (!welcome_) {
            log_event(LogLevel::warning, "nsm-silent",
                      {{"port", server_.port()}, {"do", "going on without the session manager of $NSM_URL"}});
            callbacks_.alone();
        }
    });
}

void NsmClient::set_dirty(bool dirty) {
    if (open_ && dirty != dirty_) {
        dirty_ = dirty;
        osc_.send(server_, OscMessage{dirty ? "/nsm/client/is_dirty" : "/nsm/client/is_clean"});
    }
}

void NsmClient::set_label(const std::string& label) {
    if (open_ && label != told_label_) {
        told_label_ = label;
        osc_.send(server_, OscMessage{"/nsm/client/label"}.text(label));
    }
}

void NsmClient::set_progress(double part) {
    if (welcome_) {
        osc_.send(server_, OscMessage{"/nsm/client/progress"}.real(static_cast<float>(std::clamp(part, 0.0, 1.0))));
    }
}

void NsmClient::tell(int priority, const std::string& message) {
    if (welcome_) {
        osc_.send(server_, OscMessage{"/nsm/client/message"}.integer(priority).text(message));
    }
}

bool NsmClient::from_server(const OscRequest& request) const { return request.sender() == server_; }

void NsmClient::refuse(const OscReplyTo& to, int code, const std::string& why) const {
    to.send(OscMessage{at::error}.text(to.address()).integer(code).text(why));
    log_event(LogLevel::error, "nsm-request-failed", {{"address", to.address()}, {"why", why}});
}

void NsmClient::on_open(const OscRequest& request) {
    if (!from_server(request)) {
        return;
    }
    welcome_ = true;  // whoever opens has welcomed
    try {
        const NsmProject project{std::string{request.arguments.text(0, "path")},
                                 std::string{request.arguments.text(2, "client id")}};
        open_ = false;  // what changes until it is open is not the user's
        callbacks_.open(project, [this, to = request.reply_to](const std::optional<std::string>& failure) {
            if (failure) {
                refuse(to, error_general, *failure);
                return;
            }
            open_ = true;
            dirty_ = false;
            told_label_.clear();
            to.send(to.reply().text("open"));
            if (callbacks_.show_gui) {
                tell_open(false);
            }
        });
    } catch (const std::exception& error) {
        refuse(request.reply_to, error_general, error.what());
    }
}

void NsmClient::on_save(const OscRequest& request) {
    if (!from_server(request)) {
        return;
    }
    try {
        callbacks_.save();
        request.reply_to.send(request.reply_to.reply().text("saved"));
        dirty_ = true;  // that it is clean is said in any case
        set_dirty(false);
    } catch (const std::exception& error) {
        refuse(request.reply_to, error_save_failed, error.what());
    }
}

void NsmClient::on_gui(const OscRequest& request, bool show) {
    if (from_server(request) && callbacks_.show_gui) {
        tell_open(callbacks_.show_gui(show));
    }
}

void NsmClient::tell_open(bool shown) {
    osc_.send(server_, OscMessage{shown ? "/nsm/client/gui_is_shown" : "/nsm/client/gui_is_hidden"});
}

}  // namespace crowdjack
