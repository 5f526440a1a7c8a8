// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/nsm_client.hpp"

#include "common/log.hpp"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <utility>

namespace crowdjack {

namespace {

// Error codes of the NSM API.
constexpr int error_general = -1;
constexpr int error_save_failed = -10;

constexpr const char* capabilities = ":dirty:switch:";

}  // namespace

const char* nsm_url() {
    const char* url = std::getenv("NSM_URL");
    return url != nullptr && *url != '\0' ? url : nullptr;
}

NsmClient::NsmClient(OscServer& osc, const std::string& url, std::string label, std::string executable,
                     Callbacks callbacks)
    : osc_{osc},
      server_{OscEndpoint::parse(url)},
      label_{std::move(label)},
      executable_{std::move(executable)},
      callbacks_{std::move(callbacks)} {
    // nsmd names this machine by its host name; it listens everywhere, and our socket is bound to the loopback.
    server_ = OscEndpoint::loopback(server_.port());
    osc_.handle_report("/nsm/client/open", [this](const OscRequest& request) { on_open(request); });
    osc_.handle_report("/nsm/client/save", [this](const OscRequest& request) { on_save(request); });
    osc_.handle_report("/nsm/client/session_is_loaded", [](const OscRequest&) {});
    osc_.handle_report("/reply", [this](const OscRequest& request) {
        const OscArguments& arguments = request.arguments;
        if (from_server(request) && arguments.is_text(0) && arguments.text(0, "address") == "/nsm/server/announce") {
            log_event(LogLevel::info, "nsm-welcome", {{"manager", arguments.text(2, "manager")}});
        }
    });
    osc_.handle_report("/error", [this](const OscRequest& request) {
        const OscArguments& arguments = request.arguments;
        if (from_server(request) && arguments.is_text(0) && arguments.text(0, "address") == "/nsm/server/announce") {
            log_event(LogLevel::error, "nsm-refuses", {{"why", arguments.text(2, "message")}});
        }
    });
}

void NsmClient::announce() {
    osc_.send(server_, OscMessage{"/nsm/server/announce"}
                           .text(label_)
                           .text(capabilities)
                           .text(executable_)
                           .integer(1)
                           .integer(1)
                           .integer(static_cast<std::int32_t>(::getpid())));
}

void NsmClient::set_dirty(bool dirty) {
    if (open_ && dirty != dirty_) {
        dirty_ = dirty;
        osc_.send(server_, OscMessage{dirty ? "/nsm/client/is_dirty" : "/nsm/client/is_clean"});
    }
}

bool NsmClient::from_server(const OscRequest& request) const { return request.sender().port() == server_.port(); }

void NsmClient::refuse(const OscRequest& request, int code, const std::string& why) const {
    request.reply_to.send(OscMessage{"/error"}.text(request.address).integer(code).text(why));
    log_event(LogLevel::error, "nsm-request-failed", {{"address", request.address}, {"why", why}});
}

void NsmClient::on_open(const OscRequest& request) {
    if (!from_server(request)) {
        return;
    }
    try {
        const std::string path{request.arguments.text(0, "path")};
        const std::string client_id{request.arguments.text(2, "client id")};
        callbacks_.open(path, client_id);
        open_ = true;
        dirty_ = false;
        request.reply_to.send(request.reply_to.reply().text("open"));
    } catch (const std::exception& error) {
        refuse(request, error_general, error.what());
    }
}

void NsmClient::on_save(const OscRequest& request) {
    if (!from_server(request)) {
        return;
    }
    try {
        callbacks_.save();
        request.reply_to.send(request.reply_to.reply().text("saved"));
        set_dirty(false);
    } catch (const std::exception& error) {
        refuse(request, error_save_failed, error.what());
    }
}

}  // namespace crowdjack
