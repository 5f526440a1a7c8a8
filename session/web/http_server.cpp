// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/web/http_server.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "session/web/http_core.hpp"
#include "session/web/url.hpp"

#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include <csignal>
#include <exception>
#include <utility>

namespace crowdjack::web {

namespace {

std::string text_of(beast::string_view view) { return {view.data(), view.size()}; }

/// The parts of a request that anybody here looks at.
HttpRequest plain(const BeastRequest& request, const std::string& remote) {
    HttpRequest result;
    const std::string target = text_of(request.target());
    const std::size_t mark = std::min(target.find('?'), target.size());
    result.method = text_of(request.method_string());
    result.path = percent_decoded(target.substr(0, mark));
    result.query = mark < target.size() ? target.substr(mark + 1) : "";
    result.host = text_of(request[http::field::host]);
    result.origin = text_of(request[http::field::origin]);
    result.accept = text_of(request[http::field::accept]);
    result.authorization = text_of(request[http::field::authorization]);
    result.content_type = text_of(request[http::field::content_type]);
    result.body = request.body();
    result.remote = remote;
    return result;
}

}  // namespace

/// One connection: requests one after the other, until it is idle too long or becomes a WebSocket.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
public:
    HttpConnection(HttpCore& core, std::uint64_t id, Tcp::socket socket)
        : core_{core}, id_{id}, stream_{std::move(socket)} {
        beast::error_code error;
        const auto end = stream_.socket().remote_endpoint(error);
        remote_ = error ? "?" : end.address().to_string();
        beast::error_code ignored;
        stream_.socket().set_option(Tcp::no_delay(true), ignored);
    }
    ~HttpConnection() {
        core_.connections.erase(id_);
        core_.connection_count.store(core_.connections.size(), std::memory_order_relaxed);
    }
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    void read() {
        const auto& limits = core_.settings.limits;
        parser_.emplace();
        parser_->header_limit(static_cast<std::uint32_t>(limits.header_bytes));
        parser_->body_limit(limits.body_bytes);
        waits_ = true;
        stream_.expires_after(limits.request_time);  // for the whole request, however it trickles
        http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](beast::error_code error, std::size_t) {
            self->waits_ = false;
            self->took(error);
        });
    }

    /// Not in the middle of an answer.
    [[nodiscard]] bool waits() const noexcept { return waits_; }
    void abort() {
        beast::error_code ignored;
        stream_.socket().close(ignored);
    }

private:
    void took(beast::error_code error) {
        if (error) {
            refuse(error);
            return;
        }
        core_.requests.fetch_add(1, std::memory_order_relaxed);
        HttpRequest request = plain(parser_->get(), remote_);
        if (auto refusal = core_.handlers.screen(request)) {
            core_.refused.fetch_add(1, std::memory_order_relaxed);
            refusal->headers.emplace_back("Connection", "close");
            answer(std::move(*refusal));
        } else if (beast::websocket::is_upgrade(parser_->get())) {
            upgrade(std::move(request));
        } else {
            hand_on(request);
        }
    }

    void refuse(beast::error_code error) {
        if (error == beast::error::timeout) {
            core_.timed_out.fetch_add(1, std::memory_order_relaxed);
        }
        const bool too_much = error == http::error::body_limit || error == http::error::header_limit;
        if (too_much || (error.category() == http::make_error_code(http::error::bad_method).category() &&
                         error != http::error::end_of_stream && error != http::error::partial_message)) {
            core_.refused.fetch_add(1, std::memory_order_relaxed);
            answer({too_much ? 413U : 400U,
                    "text/plain; charset=utf-8",
                    too_much ? "The request is too long.\n" : "This is no HTTP request.\n",
                    {{"Connection", "close"}}});
        }
    }

    void upgrade(HttpRequest request) {
        if (!core_.takes_socket_of(remote_)) {
            core_.refused.fetch_add(1, std::memory_order_relaxed);
            answer(
                {503, "text/plain; charset=utf-8", "Too many viewers: try again later.\n", {{"Connection", "close"}}});
            return;
        }
        open_socket(core_, std::move(stream_), parser_->release(), std::move(request));
    }

    void hand_on(const HttpRequest& request) {
        const std::uint64_t turn = ++turn_;
        Respond respond = [weak = weak_from_this(), &core = core_, turn](HttpResponse response) {
            net::post(core.io, [weak, turn, held = std::move(response)]() mutable {
                if (const auto self = weak.lock(); self && self->turn_ == turn) {
                    ++self->turn_;
                    self->core_.unanswered.erase(self->id_);
                    self->answer(std::move(held));
                }
            });
        };
        core_.unanswered.emplace(id_, shared_from_this());
        core_.handlers.run_on(
            [&core = core_, request, respond = std::move(respond)] { core.handlers.request(request, respond); });
    }

    void answer(HttpResponse response) {
        const bool known = parser_->is_header_done();
        const BeastRequest& request = parser_->get();
        auto message = std::make_shared<http::response<http::string_body>>(static_cast<http::status>(response.status),
                                                                           known ? request.version() : 11U);
        message->set(http::field::server, "crowdjack");
        message->set(http::field::content_type, response.content_type);
        message->keep_alive(known && request.keep_alive());
        for (const auto& [name, value] : response.headers) {
            message->set(name, value);
        }
        const bool head = known && request.method() == http::verb::head;
        const std::size_t length = response.body.size();
        message->body() = head ? std::string{} : std::move(response.body);
        message->content_length(length);
        stream_.expires_after(core_.settings.limits.response_time);
        http::async_write(stream_, *message,
                          [self = shared_from_this(), message](beast::error_code error, std::size_t) {
                              if (!error && message->keep_alive()) {
                                  self->read();
                              } else if (!error) {
                                  beast::error_code ignored;
                                  self->stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
                              }
                          });
    }

    HttpCore& core_;
    const std::uint64_t id_;
    std::string remote_;
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
    std::optional<http::request_parser<http::string_body>> parser_;
    std::uint64_t turn_{0};
    bool waits_{false};
};

struct HttpServer::Impl : HttpCore {
    Impl(Settings wanted, Handlers use) : HttpCore{std::move(wanted), std::move(use)}, acceptor{io}, pause{io} {
        listen();
    }

    void listen() {
        beast::error_code error;
        const auto address = net::ip::make_address(settings.bind, error);
        const auto attempt = [&error](auto&& step) {
            if (!error) {
                step();
            }
        };
        const Tcp::endpoint end{address, settings.port};
        attempt([&] { acceptor.open(end.protocol(), error); });
        attempt([&] { acceptor.set_option(net::socket_base::reuse_address(true), error); });
        attempt([&] { acceptor.bind(end, error); });
        attempt([&] { acceptor.listen(net::socket_base::max_listen_connections, error); });
        if (error) {
            throw Failure{"cannot listen on HTTP port " + std::to_string(settings.port) + " of " + settings.bind +
                          ": " + error.message() + " (choose another with --http-port and --http-bind)"};
        }
        port = acceptor.local_endpoint().port();
    }

    void accept() {
        acceptor.async_accept([this](beast::error_code error, Tcp::socket socket) {
            if (error == net::error::operation_aborted) {
                return;
            }
            if (error) {  // out of descriptors: those there are go on
                make_room(1);
                pause.expires_after(std::chrono::milliseconds{50});
                pause.async_wait([this](beast::error_code stopped) {
                    if (!stopped) {
                        accept();
                    }
                });
                return;
            }
            take(std::move(socket));
            accept();
        });
    }

    void take(Tcp::socket socket) {
        make_room(settings.limits.connections);
        const std::uint64_t id = next_id++;
        const auto connection = std::make_shared<HttpConnection>(*this, id, std::move(socket));
        connections.emplace(id, connection);
        connection_count.store(connections.size(), std::memory_order_relaxed);
        connection->read();
    }

    /// Who has waited longest without a whole request makes room for who comes; else who takes longest to be answered.
    void make_room(std::size_t most) {
        for (const bool only_waiting : {true, false}) {
            for (auto each = connections.begin(); connections.size() >= most && each != connections.end();) {
                const auto connection = (each++)->second.lock();
                if (connection && (connection->waits() || !only_waiting)) {
                    connection->abort();
                    connections.erase(std::prev(each));
                    evicted.fetch_add(1, std::memory_order_relaxed);
                }
            }
        }
    }

    Tcp::acceptor acceptor;
    net::steady_timer pause;
    std::uint16_t port{0};
    std::thread thread;
};

HttpServer::HttpServer(Settings settings, Handlers handlers)
    : impl_{std::make_shared<Impl>(std::move(settings), std::move(handlers))} {}

HttpServer::~HttpServer() {
    stop();
    impl_->unanswered.clear();
    impl_->sockets.clear();
}

void HttpServer::start() {
    impl_->accept();
    impl_->thread = std::thread{[impl = impl_.get()] {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_BLOCK, &all, nullptr);
        for (bool again = true; again;) {
            try {
                impl->io.run();
                again = false;
            } catch (const std::exception& error) {  // one connection's misfortune
                log_event(LogLevel::error, "http-failed", {{"why", error.what()}});
            }
        }
    }};
}

void HttpServer::stop() {
    impl_->io.stop();
    if (impl_->thread.joinable()) {
        impl_->thread.join();
    }
}

std::uint16_t HttpServer::port() const noexcept { return impl_->port; }

void HttpServer::publish(std::vector<FeedSection> sections) {
    net::post(impl_->io, [impl = impl_.get(), held = std::move(sections)]() mutable {
        if (impl->board.publish(std::move(held))) {
            impl->feed_viewers();
        }
    });
}

void HttpServer::send(SocketId socket, SocketMessage message) {
    net::post(impl_->io, [impl = impl_.get(), socket, held = std::move(message)]() mutable {
        send_to_socket(*impl, socket, std::move(held));
    });
}

void HttpServer::close(SocketId socket) {
    net::post(impl_->io, [impl = impl_.get(), socket] { close_socket(*impl, socket); });
}

HttpServer::Counters HttpServer::counters() const {
    const auto read = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
    return {read(impl_->requests),         read(impl_->refused),     read(impl_->evicted),
            read(impl_->timed_out),        read(impl_->feed_sent),   read(impl_->feed_skipped),
            read(impl_->connection_count), read(impl_->socket_count)};
}

}  // namespace crowdjack::web
