// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/web/access.hpp"
#include "session/web/actions.hpp"
#include "session/web/chronicle.hpp"
#include "session/web/http_server.hpp"
#include "session/web/osc_query.hpp"
#include "session/web/suite.hpp"
#include "session/web/tracks.hpp"

#include <map>
#include <optional>
#include <string>

namespace crowdjack::web {

/// The page and everything beside it: looks at the suite, feeds the viewers, answers requests, does what is wanted.
/// Control thread only.
class WebApp {
public:
    struct Settings {
        std::string bind{"127.0.0.1"};
        std::uint16_t port{57180};
        std::uint16_t query_port{57181};   ///< where / is the OSCQuery tree instead of the page; 0: nowhere
        std::optional<std::string> token;  ///< nothing: nobody acts
        std::vector<std::string> names;    ///< host names under which browsers may come
    };

    /// Listens; answers from start() on. @throws Failure when the port is taken
    WebApp(SuiteLink& link, Settings settings);
    ~WebApp();
    WebApp(const WebApp&) = delete;
    WebApp& operator=(const WebApp&) = delete;

    void start();
    [[nodiscard]] std::uint16_t port() const noexcept { return server_.port(); }
    [[nodiscard]] std::uint16_t osc_port() { return suite_.door_port(); }
    /// Where the OSCQuery tree is to be announced.
    [[nodiscard]] std::uint16_t query_port() const noexcept { return query_ ? query_->port() : server_.port(); }

private:
    struct Viewer {
        std::string remote;
        bool feed{false};  ///< else it speaks OSCQuery
    };

    [[nodiscard]] HttpServer::Handlers handlers(bool tree_at_root);
    void turn();
    void note();
    void publish();
    void requested(const HttpRequest& request, const Respond& respond, bool tree_at_root);
    void route(const HttpRequest& request, const Respond& respond);
    [[nodiscard]] bool answered_with_page(const HttpRequest& request, const Respond& respond) const;
    [[nodiscard]] bool answered_with_report(const HttpRequest& request, const Respond& respond);
    [[nodiscard]] HttpResponse health() const;
    void ask_zones();

    SuiteLink& link_;
    Suite suite_;
    OwnNames names_;
    TokenGate gate_;
    Chronicle chronicle_;
    TrackBook tracks_;
    std::map<SocketId, Viewer> viewers_;        ///< of the page's server
    std::map<SocketId, Viewer> query_viewers_;  ///< of the OSCQuery port
    std::unique_ptr<OscQuery> osc_query_, tree_query_;
    HttpServer server_;
    std::unique_ptr<HttpServer> query_;
    Actions actions_;
    Disk disk_;
    int turns_{0};
};

}  // namespace crowdjack::web
