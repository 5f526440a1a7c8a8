// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/web_app.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "session/web/feed.hpp"
#include "session/web/metrics.hpp"
#include "session/web/page.hpp"
#include "session/web/url.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

namespace crowdjack::web {

namespace {

constexpr ControlLoop::Duration feed_period{100};
constexpr int turns_per_rare_look = 5;  // twice a second: who has said nothing for one counts as silent
constexpr int turns_per_note = 10;

WallTime wall_time() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Carried by every answer: nothing is loaded from elsewhere, nothing runs that did not come as a file from here,
/// nobody puts the page into a frame of theirs.
HttpResponse guarded(HttpResponse response, const std::string& host) {
    response.headers.emplace_back(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; manifest-src 'self'; "
        "connect-src 'self' ws://" +
            host + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    response.headers.emplace_back("X-Content-Type-Options", "nosniff");
    response.headers.emplace_back("X-Frame-Options", "DENY");
    response.headers.emplace_back("Referrer-Policy", "no-referrer");
    response.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

bool wants_tree(const HttpRequest& request) {
    return request.accept.find("application/json") != std::string::npos &&
           request.accept.find("text/html") == std::string::npos;
}

}  // namespace

WebApp::WebApp(SuiteLink& link, Settings settings)
    : link_{link},
      suite_{link},
      names_{std::move(settings.names)},
      gate_{std::move(settings.token)},
      tracks_{link.loop(), [](const std::string&) {}},
      server_{{settings.bind, settings.port, "/ws", {}}, handlers(false)},
      actions_{suite_, gate_,
               [this](SocketId socket, std::string text) {
                   server_.send(socket, {false, std::move(text)});
               },
               [this](SocketId socket) { server_.close(socket); }} {
    if (settings.query_port != 0) {
        try {
            query_ = std::make_unique<HttpServer>(HttpServer::Settings{settings.bind, settings.query_port, "", {}},
                                                  handlers(true));
        } catch (const Failure& error) {
            log_event(LogLevel::warning, "no-oscquery-port",
                      {{"why", error.what()}, {"do", "its tree is at /oscquery of the page's port"}});
        }
    }
    osc_query_ = std::make_unique<OscQuery>(suite_, server_.port(), [this](SocketId socket, SocketMessage message) {
        server_.send(socket, std::move(message));
    });
    tree_query_ = std::make_unique<OscQuery>(suite_, query_port(), [this](SocketId socket, SocketMessage message) {
        query_->send(socket, std::move(message));
    });
    suite_.on_setlist_event([this](const std::string& address, const OscArguments& arguments) {
        if (address == at::setlist_skipped) {
            const std::filesystem::path part{std::string{arguments.text(1, "part")}};
            chronicle_.warn("the set passes over " + part.stem().string() + ": " +
                                std::string{arguments.text(2, "why")},
                            wall_time());
        }
    });
}

WebApp::~WebApp() {
    server_.stop();
    if (query_) {
        query_->stop();
    }
}

HttpServer::Handlers WebApp::handlers(bool tree_at_root) {
    HttpServer::Handlers use;
    use.screen = [this](const HttpRequest& request) {
        auto refusal = screened(names_, request);
        // What is refused may hold anything in its Host: not repeated.
        return refusal ? std::optional{guarded(std::move(*refusal), "127.0.0.1")} : std::nullopt;
    };
    use.request = [this, tree_at_root](const HttpRequest& request, const Respond& respond) {
        requested(
            request,
            [respond, host = request.host](HttpResponse response) { respond(guarded(std::move(response), host)); },
            tree_at_root);
    };
    auto& viewers = tree_at_root ? query_viewers_ : viewers_;
    auto& osc_query = tree_at_root ? tree_query_ : osc_query_;
    use.opened = [&viewers, tree_at_root](SocketId socket, const HttpRequest& request) {
        viewers[socket] = {request.remote, !tree_at_root && request.path == "/ws"};
    };
    use.message = [this, &viewers, &osc_query](SocketId socket, const SocketMessage& message) {
        const auto viewer = viewers.find(socket);
        if (viewer == viewers.end()) {
            return;
        }
        if (viewer->second.feed) {
            actions_.heard(socket, viewer->second.remote, message);
        } else {
            osc_query->heard(socket, message);
        }
    };
    use.closed = [this, &viewers, &osc_query, tree_at_root](SocketId socket) {
        viewers.erase(socket);
        osc_query->gone(socket);
        if (!tree_at_root) {
            actions_.gone(socket);
        }
    };
    use.run_on = [this](std::function<void()> action) { link_.loop().post(std::move(action)); };
    return use;
}

void WebApp::start() {
    suite_.look();
    link_.loop().every(feed_period, [this] { turn(); });
    server_.start();
    if (query_) {
        query_->start();
    }
}

void WebApp::turn() {
    ++turns_;
    const bool watched =
        std::any_of(viewers_.begin(), viewers_.end(), [](const auto& each) { return each.second.feed; });
    if (watched) {
        publish();
    }
    if (turns_ % turns_per_note == 0) {
        note();
    }
    if (watched || turns_ % turns_per_rare_look == 0) {
        suite_.look();
    }
    osc_query_->turn();
    tree_query_->turn();
}

void WebApp::note() {
    const SuiteSnapshot snapshot = suite_.snapshot();
    chronicle_.look(snapshot, wall_time());
    const auto recording = snapshot.mixer ? named_text(snapshot.mixer->state, "recording") : std::nullopt;
    disk_ = disk_of(recording.value_or(""));
    ask_zones();
}

void WebApp::ask_zones() {
    suite_.say(at::tempo_health, Json::array(), [this](const Suite::Answer& answer) {
        constexpr std::string_view prefix = "zone_";
        std::vector<std::pair<std::string, double>> zones;
        for (std::size_t i = 0; i + 1 < answer.values.size(); i += 2) {
            const std::string name = answer.values[i].is_string() ? answer.values[i].get<std::string>() : "";
            if (name.starts_with(prefix) && answer.values[i + 1].is_number()) {
                zones.emplace_back(name.substr(prefix.size()), answer.values[i + 1].get<double>());
            }
        }
        chronicle_.set_zones(std::move(zones));
    });
}

void WebApp::publish() {
    const SuiteSnapshot snapshot = suite_.snapshot();
    const auto section = [](const char* name, const Json& content) { return FeedSection{name, dumped(content)}; };
    server_.publish({
        section("now", now_json(snapshot)),
        section("decks", decks_json(snapshot, tracks_)),
        section("desk", desk_json(snapshot)),
        section("lamps", lamps_json(snapshot, disk_)),
        section("clients", clients_json(snapshot)),
        section("set", set_json(snapshot, tracks_)),
        section("warnings", warnings_json(chronicle_)),
        section("played", played_json(chronicle_, tracks_)),
        section("access", {{"read_only", gate_.read_only()}, {"version", CROWDJACK_VERSION}}),
    });
}

void WebApp::requested(const HttpRequest& request, const Respond& respond, bool tree_at_root) {
    if (request.path == "/send" && request.method == "POST") {
        actions_.requested(request, respond);
        return;
    }
    if (request.method != "GET" && request.method != "HEAD") {
        respond({405, "text/plain; charset=utf-8", "Only GET, and POST to /send.\n", {{"Allow", "GET, HEAD"}}});
        return;
    }
    if (tree_at_root) {
        tree_query_->requested(request.path, request, respond);
        return;
    }
    route(request, respond);
}

void WebApp::route(const HttpRequest& request, const Respond& respond) {
    constexpr std::string_view query_root = "/oscquery";
    if (request.path == query_root || request.path.starts_with("/oscquery/")) {
        const std::string below = request.path.substr(query_root.size());
        osc_query_->requested(below.empty() ? "/" : below, request, respond);
    } else if (request.path == "/" && (wants_tree(request) || request.query.starts_with("HOST_INFO"))) {
        osc_query_->requested("/", request, respond);
    } else if (!answered_with_page(request, respond) && !answered_with_report(request, respond)) {
        osc_query_->requested(request.path, request, respond);
    }
}

bool WebApp::answered_with_page(const HttpRequest& request, const Respond& respond) const {
    const auto files = page_files();
    const auto file = std::find_if(files.begin(), files.end(),
                                   [&request](const PageFile& each) { return each.path == request.path; });
    if (file != files.end()) {
        respond({200, std::string{file->type}, std::string{file->content}, {}});
    }
    return file != files.end();
}

HttpResponse WebApp::health() const {
    const Health health = judge(suite_.snapshot());
    HttpResponse response = json_response({{"status", to_text(health.level)}, {"why", health.why}});
    response.status = health.level == Health::Level::down ? 503 : 200;
    return response;
}

bool WebApp::answered_with_report(const HttpRequest& request, const Respond& respond) {
    if (request.path == "/health") {
        respond(health());
    } else if (request.path == "/nowplaying.json") {
        respond(json_response(now_playing_json(suite_.snapshot(), tracks_)));
    } else if (request.path == "/history.json") {
        respond(json_response(history_json(chronicle_)));
    } else if (request.path == "/metrics") {
        respond({200,
                 "text/plain; version=0.0.4; charset=utf-8",
                 metrics_text(suite_.snapshot(), disk_, server_.counters(), gate_.wrong_tokens()),
                 {}});
    } else if (request.path == "/track.json") {
        // Only of what is on a deck: nobody is told whether some file exists.
        const SuiteSnapshot snapshot = suite_.snapshot();
        const auto deck = snapshot.decks.find(query_value(request.query, "deck").value_or(""));
        if (deck == snapshot.decks.end()) {
            respond({404, "text/plain; charset=utf-8", "There is no such deck.\n", {}});
        } else {
            respond(json_response(track_json(tracks_.of(deck->second.path))));
        }
    } else {
        return false;
    }
    return true;
}

}  // namespace crowdjack::web
