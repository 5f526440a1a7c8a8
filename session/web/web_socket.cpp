// SPDX-License-Identifier: GPL-3.0-or-later
// One WebSocket of the HTTP server.
#include "session/web/http_core.hpp"
#include "session/web/token_bucket.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <deque>
#include <utility>

namespace crowdjack::web {

namespace websocket = boost::beast::websocket;

class WebSocket : public std::enable_shared_from_this<WebSocket> {
public:
    WebSocket(HttpCore& core, std::uint64_t id, beast::tcp_stream stream, HttpRequest asked)
        : core_{core},
          id_{id},
          asked_{std::move(asked)},
          gets_feed_{asked_.path == core.settings.feed_path},
          stream_{std::move(stream)},
          allowance_{core.settings.limits.messages_per_second, core.settings.limits.messages_at_once} {}

    void open(BeastRequest request) {
        const auto& limits = core_.settings.limits;
        beast::get_lowest_layer(stream_).expires_never();  // the WebSocket has timers of its own
        stream_.set_option(websocket::stream_base::timeout{limits.request_time, limits.socket_silence, /*pings*/ true});
        stream_.read_message_max(limits.message_bytes);
        stream_.auto_fragment(false);
        request_ = std::move(request);
        stream_.async_accept(request_, [self = shared_from_this()](beast::error_code error) {
            if (error) {
                self->finish();
                return;
            }
            self->core_.handlers.run_on([self] { self->core_.handlers.opened(SocketId{self->id_}, self->asked_); });
            self->told_open_ = true;
            self->open_ = true;
            self->read();
            self->write();
        });
    }

    void send(SocketMessage message) {
        if (waiting_.size() >= core_.settings.limits.waiting_messages) {
            abort();
            return;
        }
        waiting_.push_back(std::move(message));
        write();
    }

    /// There is something new on the board.
    void feed() {
        if (gets_feed_ && writing_) {
            core_.feed_skipped.fetch_add(1, std::memory_order_relaxed);
        }
        write();
    }

    void close(websocket::close_code code) {
        if (!open_ || closing_) {
            return;
        }
        closing_ = true;
        stream_.async_close(code, [self = shared_from_this()](beast::error_code) { self->finish(); });
    }

    /// At once: whoever is at the other end does not keep to the rules, or does not listen.
    void abort() {
        beast::error_code ignored;
        beast::get_lowest_layer(stream_).socket().close(ignored);
        finish();
    }

    [[nodiscard]] const std::string& remote() const noexcept { return asked_.remote; }

private:
    void read() {
        stream_.async_read(buffer_,
                           [self = shared_from_this()](beast::error_code error, std::size_t) { self->took(error); });
    }

    void took(beast::error_code error) {
        if (error || !allowance_.take()) {
            if (error) {
                finish();
            } else {
                close(websocket::close_code::policy_error);
            }
            return;
        }
        SocketMessage message{stream_.got_binary(), beast::buffers_to_string(buffer_.data())};
        buffer_.consume(buffer_.size());
        core_.handlers.run_on([self = shared_from_this(), held = std::move(message)]() mutable {
            self->core_.handlers.message(SocketId{self->id_}, std::move(held));
        });
        read();
    }

    /// One message at a time: answers first, then what is new of the feed.
    void write() {
        if (!open_ || writing_ || closing_ || finished_) {
            return;
        }
        if (!waiting_.empty()) {
            stream_.binary(waiting_.front().binary);
            going_ = std::make_shared<const std::string>(std::move(waiting_.front().data));
            waiting_.pop_front();
        } else if (gets_feed_ && seen_ < core_.board.latest()) {
            stream_.binary(false);
            going_ = core_.board.since(seen_);
            seen_ = core_.board.latest();
            core_.feed_sent.fetch_add(1, std::memory_order_relaxed);
        } else {
            return;
        }
        writing_ = true;
        stream_.async_write(net::buffer(*going_), [self = shared_from_this()](beast::error_code error, std::size_t) {
            self->writing_ = false;
            if (error) {
                self->finish();
                return;
            }
            self->write();
        });
    }

    void finish() {
        if (std::exchange(finished_, true)) {
            return;
        }
        core_.sockets.erase(id_);
        core_.socket_count.store(core_.sockets.size(), std::memory_order_relaxed);
        if (told_open_) {
            core_.handlers.run_on([&core = core_, id = id_] { core.handlers.closed(SocketId{id}); });
        }
    }

    HttpCore& core_;
    const std::uint64_t id_;
    const HttpRequest asked_;
    const bool gets_feed_;
    websocket::stream<beast::tcp_stream> stream_;
    BeastRequest request_;
    beast::flat_buffer buffer_;
    TokenBucket allowance_;
    std::deque<SocketMessage> waiting_;
    std::shared_ptr<const std::string> going_;  ///< what is being written
    FeedBoard::Serial seen_{0};
    bool open_{false}, told_open_{false}, writing_{false}, closing_{false}, finished_{false};
};

bool HttpCore::takes_socket_of(const std::string& remote) const {
    const auto of_it = std::count_if(sockets.begin(), sockets.end(),
                                     [&remote](const auto& each) { return each.second->remote() == remote; });
    return sockets.size() < settings.limits.sockets && static_cast<std::size_t>(of_it) < settings.limits.sockets_of_one;
}

void HttpCore::feed_viewers() {
    const auto all = sockets;  // writing may end one
    for (const auto& [id, socket] : all) {
        socket->feed();
    }
}

void open_socket(HttpCore& core, beast::tcp_stream stream, BeastRequest request, HttpRequest asked) {
    // Little is kept for who does not read: what is late is not worth having.
    beast::error_code ignored;
    stream.socket().set_option(net::socket_base::send_buffer_size(1 << 16), ignored);
    stream.socket().set_option(Tcp::no_delay(true), ignored);
    const std::uint64_t id = core.next_id++;
    const auto socket = std::make_shared<WebSocket>(core, id, std::move(stream), std::move(asked));
    core.sockets.emplace(id, socket);
    core.socket_count.store(core.sockets.size(), std::memory_order_relaxed);
    socket->open(std::move(request));
}

void send_to_socket(HttpCore& core, SocketId socket, SocketMessage message) {
    if (const auto found = core.sockets.find(static_cast<std::uint64_t>(socket)); found != core.sockets.end()) {
        const auto held = found->second;
        held->send(std::move(message));
    }
}

void close_socket(HttpCore& core, SocketId socket) {
    if (const auto found = core.sockets.find(static_cast<std::uint64_t>(socket)); found != core.sockets.end()) {
        const auto held = found->second;
        held->close(websocket::close_code::policy_error);
    }
}

void close_all_sockets(HttpCore& core) {
    const auto all = core.sockets;
    for (const auto& [id, socket] : all) {
        socket->abort();
    }
}

}  // namespace crowdjack::web
