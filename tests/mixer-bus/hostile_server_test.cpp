// SPDX-License-Identifier: GPL-3.0-or-later
// Servers that mean no good: each attempt ends soon, is retried or refused in words, and takes nothing with it.
#include "mixer-bus/http.hpp"
#include "mixer-bus/stream_side_channel.hpp"
#include "mixer-bus/streaming.hpp"
#include "tests/mixer-bus/mixer_fixture.hpp"
#include "tests/support/eventually.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

using namespace crowdjack;
using namespace crowdjack::test;

namespace {

/// Listens on a free port of 127.0.0.1 and does `serve` to each connection, one at a time.
class HostileServer {
public:
    using Serve = std::function<void(int fd, const std::atomic<bool>& over)>;

    explicit HostileServer(Serve serve) : serve_{std::move(serve)} {
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        REQUIRE(listen(listener_, 8) == 0);
        socklen_t size = sizeof address;
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread{[this] { run(); }};
    }
    ~HostileServer() {
        over_ = true;
        thread_.join();
        close(listener_);
    }
    HostileServer(const HostileServer&) = delete;
    HostileServer& operator=(const HostileServer&) = delete;

    [[nodiscard]] StreamTarget target() const {
        return StreamTarget::parse("icecast://source:SECRET@127.0.0.1:" + std::to_string(port_) + "/set");
    }
    [[nodiscard]] int connections() const { return connections_; }

private:
    void run() {
        while (!over_) {
            pollfd waiting{.fd = listener_, .events = POLLIN, .revents = 0};
            if (poll(&waiting, 1, 20) <= 0) {
                continue;
            }
            const int fd = accept(listener_, nullptr, nullptr);
            ++connections_;
            timeval soon{.tv_sec = 0, .tv_usec = 50'000};
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof soon);
            serve_(fd, over_);
            close(fd);
        }
    }

    Serve serve_;
    int listener_{-1};
    std::uint16_t port_{};
    std::atomic<bool> over_{false};
    std::atomic<int> connections_{0};
    std::thread thread_;
};

void say(int fd, std::string_view text) { (void)!send(fd, text.data(), text.size(), MSG_NOSIGNAL); }

/// Says `text` for as long as the other side is there.
void say_forever(int fd, const std::string& text, const std::atomic<bool>& over) {
    while (!over) {
        if (send(fd, text.data(), text.size(), MSG_NOSIGNAL) < 0 && errno != EAGAIN) {
            return;
        }
    }
}

/// Stays until the other side hangs up, reading nothing but that.
void stay_until_gone(int fd, const std::atomic<bool>& over) {
    while (!over) {
        pollfd other{.fd = fd, .events = POLLRDHUP, .revents = 0};
        if (poll(&other, 1, 5) > 0 && (other.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) {
            return;
        }
    }
}

/// A stream of a tap that goes on being written to.
class Attempt {
public:
    explicit Attempt(const StreamTarget& target)
        : writer_{[this] {
              const Signal block = noise(480, 1);
              for (std::int64_t frame = 0; !over_; frame += 480) {
                  tap_->write(JackFrame{frame}, block, block);
                  std::this_thread::sleep_for(std::chrono::milliseconds{10});
              }
          }},
          streaming_{tap_,
                     {.target = target, .format = StreamFormat::mp3, .from = JackFrame{0}},
                     [this](const StreamEvent& event) {
                         const std::lock_guard lock{mutex_};
                         events_.push_back(event);
                     }} {}
    ~Attempt() {
        over_ = true;
        writer_.join();
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    /// The first event of a kind, within what an attempt may take.
    std::optional<StreamEvent> wait_for(StreamEvent::Kind kind) {
        std::optional<StreamEvent> found;
        (void)eventually(
            [&] {
                const std::lock_guard lock{mutex_};
                for (const auto& event : events_) {
                    if (event.kind == kind) {
                        found = event;
                    }
                }
                return found.has_value();
            },
            std::chrono::seconds{10});
        return found;
    }
    Streaming& streaming() { return streaming_; }

private:
    std::atomic<bool> over_{false};
    std::shared_ptr<Tap> tap_ = std::make_shared<Tap>(48000.0);
    std::mutex mutex_;
    std::vector<StreamEvent> events_;
    std::thread writer_;
    Streaming streaming_;
};

const std::string refusal = "HTTP/1.1 401 Authentication Required\r\nContent-Length: 99999999\r\n\r\n";

}  // namespace

TEST_CASE("a server that refuses with a body that never ends is a refusal") {
    HostileServer server{[](int fd, const std::atomic<bool>& over) {
        say(fd, refusal);
        say_forever(fd, std::string(4096, 'x'), over);
    }};
    Attempt attempt{server.target()};
    const auto failed = attempt.wait_for(StreamEvent::Kind::failed);
    REQUIRE(failed);
    CHECK(failed->text.find("401 Authentication Required") != std::string::npos);
    CHECK(failed->text.find("SECRET") == std::string::npos);
}

TEST_CASE("headers without end, or one that drips, end the attempt and are tried again") {
    for (const bool flood : {true, false}) {
        CAPTURE(flood);
        HostileServer server{[flood](int fd, const std::atomic<bool>& over) {
            say(fd, "HTTP/1.1 200 OK\r\n");
            if (flood) {
                say_forever(fd, "X-More: 0123456789012345678901234567890123456789\r\n", over);
                return;
            }
            for (int i = 0; !over; ++i) {  // a slow loris
                pollfd other{.fd = fd, .events = POLLRDHUP, .revents = 0};
                if (poll(&other, 1, 100) > 0 && (other.revents & POLLRDHUP) != 0) {
                    return;
                }
                say(fd, "x");
            }
        }};
        Attempt attempt{server.target()};
        const auto unreachable = attempt.wait_for(StreamEvent::Kind::unreachable);
        REQUIRE(unreachable);
        MESSAGE(unreachable->text);
        CHECK(eventually([&] { return server.connections() >= 2; }));
    }
}

TEST_CASE("a server that says nothing, hangs up or resets is tried again") {
    for (const int kind : {0, 1, 2}) {
        CAPTURE(kind);
        HostileServer server{[kind](int fd, const std::atomic<bool>& over) {
            if (kind == 0) {
                stay_until_gone(fd, over);
            } else if (kind == 2) {
                const linger none{.l_onoff = 1, .l_linger = 0};
                setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
            }
        }};
        Attempt attempt{server.target()};
        const auto unreachable = attempt.wait_for(StreamEvent::Kind::unreachable);
        REQUIRE(unreachable);
        MESSAGE(unreachable->text);
        CHECK(eventually([&] { return server.connections() >= 2; }));
    }
}

TEST_CASE("a redirect and what is no Icecast are refused in words") {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"HTTP/1.1 302 Found\r\nLocation: http://elsewhere:8000/\x1b[31mset\r\n\r\n", "http://elsewhere:8000/?[31mset"},
        {"SSH-2.0-OpenSSH_9.2\r\n", "no Icecast server"},
        {"HTTP/1.1 404 Not Found\r\n\r\n", "404 Not Found"}};
    for (const auto& [answer, words] : cases) {
        HostileServer server{[&answer = answer](int fd, const std::atomic<bool>& over) {
            say(fd, answer);
            stay_until_gone(fd, over);
        }};
        Attempt attempt{server.target()};
        const auto failed = attempt.wait_for(StreamEvent::Kind::failed);
        REQUIRE(failed);
        CHECK_MESSAGE(failed->text.find(words) != std::string::npos, failed->text);
    }
}

TEST_CASE("a server that takes the stream and never reads is left and tried again") {
    HostileServer server{[](int fd, const std::atomic<bool>& over) {
        say(fd, "HTTP/1.1 100 Continue\r\n\r\n");
        stay_until_gone(fd, over);
    }};
    Attempt attempt{server.target()};
    REQUIRE(attempt.wait_for(StreamEvent::Kind::connected));
    // 24 kB a second fill what the kernels and the queue hold, and then 5 s go by.
    CHECK(eventually([&] { return server.connections() >= 2; }, std::chrono::seconds{60}));
}

TEST_CASE("a server that talks without end while it is streamed to costs nothing") {
    HostileServer server{[](int fd, const std::atomic<bool>& over) {
        say(fd, "HTTP/1.1 100 Continue\r\n\r\n");
        std::array<char, 4096> taken{};
        const std::string chatter(4096, 'x');
        while (!over) {
            if (recv(fd, taken.data(), taken.size(), MSG_DONTWAIT) == 0 ||
                (send(fd, chatter.data(), chatter.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN)) {
                return;
            }
        }
    }};
    Attempt attempt{server.target()};
    REQUIRE(attempt.wait_for(StreamEvent::Kind::connected));
    REQUIRE(eventually([&] { return attempt.streaming().status().frames > 96000; }));
    CHECK(attempt.streaming().status().lost == 0);
    CHECK(server.connections() == 1);
}

TEST_CASE("whatever the server does, stopping takes less than a second") {
    for (const int kind : {0, 1, 2}) {
        CAPTURE(kind);
        HostileServer server{[kind](int fd, const std::atomic<bool>& over) {
            say(fd, kind == 0 ? "" : kind == 1 ? refusal.substr(0, 20) : "HTTP/1.1 100 Continue\r\n\r\n");
            stay_until_gone(fd, over);
        }};
        auto attempt = std::make_unique<Attempt>(server.target());
        REQUIRE(eventually([&] { return server.connections() >= 1; }));
        attempt->streaming().stop();
        const auto begin = std::chrono::steady_clock::now();
        CHECK(eventually([&] { return attempt->streaming().status().state == Streaming::State::finished; }));
        // 0.5 s to say goodbye and what a busy machine adds
        CHECK(std::chrono::steady_clock::now() - begin < std::chrono::milliseconds{1500});
    }
}

TEST_CASE("an answer's head is found, wherever its bytes are cut") {
    const std::string answer = "HTTP/1.1 403 Mountpoint in use\r\nServer: x\r\n\r\nbody";
    for (std::size_t size = 1; size < answer.size() - 4; ++size) {
        CHECK_FALSE(parse_http_head(std::string_view{answer}.substr(0, size)));
    }
    const auto head = parse_http_head(answer);
    REQUIRE(head);
    CHECK(head->status == 403);
    CHECK(head->reason == "Mountpoint in use");
    CHECK(parse_http_head("GET /")->status == 0);
    CHECK(basic_authorization("source", "hackme") == "Basic c291cmNlOmhhY2ttZQ==");  // as icecast's manual has it
    CHECK(basic_authorization("a", "bc") == "Basic YTpiYw==");
    CHECK(basic_authorization("a", "b") == "Basic YTpi");
}

TEST_CASE("listeners are counted at one's own mount, with one source or several, and never of nonsense") {
    CHECK(listeners_in(R"({"icestats":{"source":{"listenurl":"http://h:8000/set","listeners":3}}})", "/set") == 3);
    CHECK(listeners_in(R"({"icestats":{"source":[{"listenurl":"http://h/a","listeners":1},
                           {"listenurl":"http://h/set","listeners":7}]}})",
                       "/set") == 7);
    for (const char* nonsense : {"", "{", "[]", R"({"icestats":3})", R"({"icestats":{"source":[1,null]}})",
                                 R"({"icestats":{"source":{"listenurl":3,"listeners":"x"}}})"}) {
        CHECK_FALSE(listeners_in(nonsense, "/set"));
    }
}
