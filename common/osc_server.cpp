// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/osc_server.hpp"

#include "common/error.hpp"
#include "common/log.hpp"
#include "common/osc_packet.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>

namespace crowdjack {

namespace {

constexpr std::size_t largest_packet = 65536;
constexpr std::size_t most_subscribers = 32;
constexpr std::size_t most_elements = 64;  ///< messages in one packet of bundles, so that it costs less than 1 ms
constexpr int deepest_bundle = 4;
constexpr int packets_per_turn = 256;  ///< then timers and other sockets get their turn
constexpr auto subscription = std::chrono::seconds{60};
constexpr double furthest_bundle_seconds = 1.0;
constexpr const char* pattern_characters = "#*,?[]{} ";

int bound_socket(const std::string& bind_address, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::inet_pton(AF_INET, bind_address.c_str(), &address.sin_addr) != 1) {
        throw UsageError{"--osc-bind '" + bind_address +
                         "' is no IPv4 address: use 127.0.0.1, or this machine's address"};
    }
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        throw Failure{"cannot create a UDP socket: " + errno_text(errno)};
    }
    constexpr int buffer_bytes = 1 << 20;  // rides out bursts while a handler works; the kernel may grant less
    (void)::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        ::close(fd);
        throw Failure{"cannot bind OSC port " + std::to_string(port) + " on " + bind_address + ": " +
                      errno_text(error) +
                      " (is another program using it? choose one with --osc-port, or 0 for a free one)"};
    }
    return fd;
}

}  // namespace

OscMessage OscReplyTo::reply() const {
    OscMessage message{"/reply"};
    message.text(address_);
    return message;
}

void OscReplyTo::error(OscErrorCode code, std::string_view message) const {
    send(OscMessage{"/error"}.text(address_).integer(static_cast<std::int32_t>(code)).text(message));
}

void OscReplyTo::send(const OscMessage& message) const {
    if (server_ != nullptr) {
        server_->send_from(socket_, to_, message);
    }
}

OscServer::OscServer(ControlLoop& loop, const std::string& bind_address, const std::vector<std::uint16_t>& ports)
    : loop_{loop} {
    for (const std::uint16_t port : ports) {
        listen(bind_address, port);
    }
    handle("/subscribe", [this](const OscRequest& request) { subscribe(request); });
}

void OscServer::listen(const std::string& bind_address, std::uint16_t port) {
    sockets_.push_back(bound_socket(bind_address, port));
    loop_.watch(sockets_.back(), [this, socket = sockets_.size() - 1] { receive(socket); });
}

bool OscServer::listen_too(const std::string& bind_address, std::uint16_t port) {
    try {
        listen(bind_address, port);
        return true;
    } catch (const Failure&) {
        return false;
    }
}

OscServer::~OscServer() {
    for (const int fd : sockets_) {
        loop_.unwatch(fd);
        ::close(fd);
    }
}

void OscServer::handle(std::string address, Handler handler) {
    handlers_[std::move(address)] = {{std::move(handler)}, true};
}

void OscServer::handle_report(std::string address, Handler handler) {
    Registered& registered = handlers_[std::move(address)];
    registered.answered = false;
    registered.handlers.push_back(std::move(handler));
}

void OscServer::handle_reports_like(std::function<bool(std::string_view)> belongs, Handler handler) {
    families_.emplace_back(std::move(belongs), Registered{{std::move(handler)}, false});
}

const OscServer::Registered* OscServer::registered(std::string_view address) const {
    if (const auto found = handlers_.find(std::string{address}); found != handlers_.end()) {
        return &found->second;
    }
    for (const auto& [belongs, registered] : families_) {
        if (belongs(address)) {
            return &registered;
        }
    }
    return nullptr;
}

void OscServer::handle_unknown_reports(std::function<bool(std::string_view)> taken) {
    unknown_reports_ = std::move(taken);
}

void OscServer::send_from(std::size_t socket, const OscEndpoint& to, const OscMessage& message) {
    const std::vector<char> packet = message.serialised();
    // A lost datagram is a designed case: lines and states are repeated, commands are answered.
    (void)::sendto(sockets_[socket], packet.data(), packet.size(), MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&to.address), sizeof to.address);
}

void OscServer::publish(const OscMessage& message) {
    expire_subscribers();
    for (const Subscriber& subscriber : subscribers_) {
        send(subscriber.endpoint, message);
    }
}

std::string OscServer::url() const {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    ::getsockname(sockets_.front(), reinterpret_cast<sockaddr*>(&address), &length);
    OscEndpoint endpoint;
    endpoint.address = address;
    if (address.sin_addr.s_addr == htonl(INADDR_ANY)) {
        endpoint.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    return endpoint.url();
}

std::uint16_t OscServer::port() const { return OscEndpoint::parse(url(), OscEndpoint::Host::numeric).port(); }

void OscServer::receive(std::size_t socket) {
    alignas(8) static thread_local std::array<char, largest_packet> buffer;
    for (int i = 0; i < packets_per_turn; ++i) {
        OscEndpoint from;
        socklen_t length = sizeof from.address;
        const ssize_t size = ::recvfrom(sockets_[socket], buffer.data(), buffer.size(), 0,
                                        reinterpret_cast<sockaddr*>(&from.address), &length);
        if (size < 0) {
            if (errno == ECONNREFUSED || errno == EINTR) {
                continue;  // an earlier answer found nobody
            }
            return;
        }
        ++counters_.received;
        elements_left_ = most_elements;
        take_packet(socket, from, buffer.data(), static_cast<std::size_t>(size), 0);
    }
}

void OscServer::take_packet(std::size_t socket, const OscEndpoint& from, char* data, std::size_t size, int depth) {
    if (is_bundle(data, size)) {
        take_bundle(socket, from, data, size, depth);
    } else {
        take_message(socket, from, data, size);
    }
}

void OscServer::take_bundle(std::size_t socket, const OscEndpoint& from, char* data, std::size_t size, int depth) {
    if (depth >= deepest_bundle || bundle_seconds_ahead(data) > furthest_bundle_seconds) {
        ++counters_.refused;
        return;
    }
    std::size_t at = bundle_header_size;
    while (at < size) {
        const std::size_t length = size - at >= 4 ? big_endian(data + at) : 0;
        if (length == 0 || length % 4 != 0 || length > size - at - 4 || elements_left_ == 0) {
            ++counters_.malformed;
            return;
        }
        --elements_left_;
        take_packet(socket, from, data + at + 4, length, depth + 1);
        at += 4 + length;
    }
}

void OscServer::take_message(std::size_t socket, const OscEndpoint& from, char* data, std::size_t size) {
    if (size % 4 != 0 || !is_well_formed_message(data, size)) {
        ++counters_.malformed;
        return;
    }
    const std::string_view address{data};
    if (address.find_first_of(pattern_characters) != std::string_view::npos) {
        ++counters_.refused;
        return;
    }
    const bool registered = handlers_.contains(std::string{address});
    if (!registered && unknown_reports_ && unknown_reports_(address)) {
        return;
    }
    int result{};
    // liblo refuses a message without type tags.
    const lo_message message =
        is_bare_address(data, size) ? lo_message_new() : lo_message_deserialise(data, size, &result);
    if (message == nullptr) {
        ++counters_.malformed;
        return;
    }
    dispatch(socket, from, address, message);
    lo_message_free(message);
}

void OscServer::dispatch(std::size_t socket, const OscEndpoint& from, std::string_view address, lo_message message) {
    const OscArguments arguments{message};
    const OscRequest request{address, arguments, OscReplyTo{*this, socket, from, std::string{address}}};
    const Registered* const found = registered(address);
    if (found == nullptr) {
        ++counters_.unknown;
        // Answers and errors from peers are never answered in turn, or two programs would argue for ever.
        if (address != "/reply" && address != "/error") {
            request.reply_to.error(OscErrorCode::not_found, "this program has no such address");
        }
        return;
    }
    try {
        if (!arguments.all_finite()) {
            throw OscError{OscErrorCode::bad_arguments, "NaN and infinite numbers are refused"};
        }
        for (const Handler& handler : found->handlers) {
            handler(request);
        }
    } catch (const OscError& error) {
        ++counters_.refused;
        if (found->answered) {
            request.reply_to.error(error.code, error.what());
        }
    } catch (const std::exception& error) {
        ++counters_.refused;
        if (found->answered) {
            request.reply_to.error(OscErrorCode::failed, error.what());
        }
    }
}

void OscServer::expire_subscribers() {
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(subscribers_, [now](const Subscriber& subscriber) { return subscriber.until <= now; });
}

void OscServer::subscribe(const OscRequest& request) {
    request.arguments.expect(0, 1, "/subscribe [s:URL]");
    OscEndpoint endpoint = request.sender();
    if (request.arguments.size() == 1) {
        try {
            endpoint = OscEndpoint::parse(std::string{request.arguments.text(0, "url")}, OscEndpoint::Host::numeric);
        } catch (const Failure& failure) {
            throw OscError{OscErrorCode::bad_arguments, failure.what()};
        }
    }
    expire_subscribers();
    const auto until = std::chrono::steady_clock::now() + subscription;
    const auto known = std::find_if(subscribers_.begin(), subscribers_.end(),
                                    [&endpoint](const Subscriber& s) { return s.endpoint == endpoint; });
    const bool is_new = known == subscribers_.end();
    if (!is_new) {
        known->until = until;
    } else if (subscribers_.size() >= most_subscribers) {
        throw OscError{OscErrorCode::refused, "32 subscribers are served already: try again in a minute"};
    } else {
        subscribers_.push_back({endpoint, until});
    }
    request.reply_to.done();
    if (is_new && greet_) {
        greet_(endpoint);
    }
}

}  // namespace crowdjack
