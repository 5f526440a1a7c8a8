// SPDX-License-Identifier: GPL-3.0-or-later
// What comes in from sockets: an Icecast server's answers, requests and WebSocket frames for the page, a session
// manager's messages. Each over a real connection, since that is where it is cut into pieces.
#include "common/control_loop.hpp"
#include "common/error.hpp"
#include "common/nsm_client.hpp"
#include "common/osc_server.hpp"
#include "mixer-bus/http.hpp"
#include "mixer-bus/icecast_connection.hpp"
#include "session/web/http_server.hpp"
#include "tests/common/private_registry.hpp"
#include "tests/fuzz/fuzzing.hpp"
#include "tests/fuzz/loopback.hpp"
#include "tests/support/osc_packets.hpp"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

/// Calls `proceed` until it says so; whoever never ends is found by the harness.
template <typename Proceed>
void go_on(const Listener& listener, const std::string& answer, Proceed proceed) {
    Socket peer;
    while (proceed()) {
        if (!peer.open()) {
            peer = listener.accept();
            if (peer.open()) {
                peer.send(answer);
                peer.end_sending();
            }
        }
        std::this_thread::sleep_for(std::chrono::microseconds{100});
    }
}

void read_http_answer(const std::string& answer) {
    for (const std::size_t part : {answer.size(), answer.size() / 2}) {
        if (const auto head = parse_http_head(std::string_view{answer}.substr(0, part)); head && head->bytes > part) {
            throw std::logic_error{"a head longer than what came"};
        }
    }
    static const Listener listener;
    HttpGet get{"127.0.0.1", listener.port(), "/status-json.xsl", ""};
    go_on(listener, answer, [&] { return get.proceed() == HttpGet::State::running; });
    (void)get.body();
}

void read_icecast_answer(const std::string& answer) {
    static const Listener listener;
    const StreamTarget target{"source", "secret", "127.0.0.1", "/live", listener.port()};
    IcecastConnection connection{target, StreamFormat::vorbis, Station{}, 48000};
    using Progress = IcecastConnection::Progress;
    Progress progress{};
    int turns = 0;
    go_on(listener, answer, [&] {
        progress = connection.proceed();
        return progress == Progress::connecting && ++turns < 500;
    });
    for (int i = 0; i < 3 && progress == Progress::connected; ++i) {
        const std::vector<std::byte> sound(512);
        progress = connection.send(sound) ? Progress::connected : Progress::failed;
    }
    if (connection.why().find("secret") != std::string::npos) {
        throw std::logic_error{"it tells the password: " + connection.why()};
    }
}

/// The page's server with handlers that answer everything.
class Page {
public:
    Page() {
        web::HttpServer::Handlers handlers;
        handlers.screen = [](const web::HttpRequest&) { return std::nullopt; };
        handlers.request = [](const web::HttpRequest& request, const web::Respond& respond) {
            respond({200, "text/plain", request.path + request.query + request.body, {}});
        };
        handlers.opened = [](web::SocketId, const web::HttpRequest&) {};
        handlers.message = [this](web::SocketId socket, web::SocketMessage message) {
            server_->send(socket, std::move(message));
        };
        handlers.closed = [](web::SocketId) {};
        handlers.run_on = [](const std::function<void()>& action) { action(); };
        server_ = std::make_unique<web::HttpServer>(web::HttpServer::Settings{}, std::move(handlers));
        server_->start();
    }
    /// Sends in two parts, and reads all there is to read.
    [[nodiscard]] std::string answer(const std::string& text) const {
        const Socket socket = Socket::to(server_->port());
        socket.send(text.substr(0, text.size() / 2));
        socket.send(text.substr(text.size() / 2));
        socket.end_sending();
        return socket.everything();
    }
    void insist_on_life() const {
        if (answer("GET / HTTP/1.0\r\n\r\n").find("200") == std::string::npos) {
            throw std::logic_error{"the page answers no more"};
        }
    }

private:
    std::unique_ptr<web::HttpServer> server_;
};

const Page& page() {
    static const Page one;
    return one;
}

void ask_page(const std::string& request) {
    (void)page().answer(request);
    page().insist_on_life();
}

void tell_page(const std::string& frames) {
    (void)page().answer(
        "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
        frames);
    page().insist_on_life();
}

/// A client under a session manager, with its control loop on a thread.
class Managed {
public:
    Managed() : osc_{loop_, "127.0.0.1", {0}}, manager_{osc_.port()} {
        osc_.handle_report("/dance/fuzz", [this](const OscRequest&) { ++alive_; });
        nsm_ = std::make_unique<NsmClient>(
            loop_, osc_, manager_.url(), "fuzz", "fuzz",
            NsmClient::Callbacks{[](const NsmProject& project, const NsmClient::Opened& opened) {
                                     opened(project.path.size() % 2 == 0 ? std::nullopt
                                                                         : std::optional<std::string>{"no"});
                                 },
                                 [this] {
                                     if (++saves_ % 2 == 0) {
                                         throw Failure{"the disk is full"};
                                     }
                                 },
                                 [] {}, [](bool show) { return show; }});
        nsm_->announce();
        thread_ = std::thread{[this] { loop_.run(); }};
    }
    ~Managed() {
        loop_.stop();
        thread_.join();
    }
    Managed(const Managed&) = delete;
    Managed& operator=(const Managed&) = delete;

    void hear(const std::string& packet) {
        manager_.send({packet.begin(), packet.end()});
        const auto before = alive_.load();
        const auto lives = [&] { return alive_.load() != before; };
        for (int i = 0; i < 500 && !lives(); ++i) {
            manager_.send(packet_of("/dance/fuzz", ","));
            (void)eventually(lives, Deadline{20});
        }
        if (!lives()) {
            throw std::logic_error{"the control loop answers no more"};
        }
    }

private:
    PrivateRegistry registry_;
    ControlLoop loop_;
    OscServer osc_;
    RawClient manager_;
    std::unique_ptr<NsmClient> nsm_;
    std::atomic<std::uint64_t> alive_{0};
    int saves_{0};
    std::thread thread_;
};

void hear_manager(const std::string& packet) {
    static Managed client;
    client.hear(packet);
}

const std::vector<std::string> http{"HTTP/1.1 ",
                                    "HTTP/1.0 ",
                                    "200",
                                    "100",
                                    "\r\n",
                                    "\n",
                                    "\r\n\r\n",
                                    ": ",
                                    "Location: ",
                                    "Content-Length: ",
                                    "Transfer-Encoding: chunked\r\n",
                                    "GET ",
                                    "POST ",
                                    "Host: ",
                                    "%00",
                                    "%2e%2e/",
                                    "?",
                                    "Expect: 100-continue\r\n",
                                    "Upgrade: websocket\r\n",
                                    "0\r\n\r\n"};

}  // namespace

int main(int count, char** arguments) {
    return fuzz(count, arguments,
                {{"http-answer", http, read_http_answer},
                 {"icecast-answer", http, read_icecast_answer},
                 {"page-request", http, ask_page},
                 {"page-socket",
                  {std::string("\x81\x80\0\0\0\0", 6), std::string("\x88\x82\0\0\0\0\x03\xE8", 8), "\x89", "\x8A",
                   "\x80", std::string("\xFF\0\0\0\0\0\0\0\0", 9), std::string("\xFE\0\x01", 3), "{\"id\":1}"},
                  tell_page},
                 {"nsm",
                  {"/nsm/client/open", "/nsm/client/save", at::reply, at::error, ",sss", ",i", std::string(4, '\0'),
                   std::string("#bundle\0", 8), "/nsm/server/announce", "../../x", "/nsm/client/hide_optional_gui"},
                  hear_manager}});
}
