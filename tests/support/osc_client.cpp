// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/osc_client.hpp"

#include "common/overloaded.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <sstream>
#include <stdexcept>

namespace crowdjack::test {

namespace {

void add(lo_message message, const OscValue& value) {
    std::visit(Overloaded{[&](std::int32_t v) { lo_message_add_int32(message, v); },
                          [&](std::int64_t v) { lo_message_add_int64(message, v); },
                          [&](float v) { lo_message_add_float(message, v); },
                          [&](double v) { lo_message_add_double(message, v); },
                          [&](const std::string& v) { lo_message_add_string(message, v.c_str()); },
                          [&](bool v) { v ? lo_message_add_true(message) : lo_message_add_false(message); },
                          [&](OscNil) { lo_message_add_nil(message); }},
               value);
}

/// Copied out: liblo aligns arguments to 4 bytes only.
template <typename T>
T copied(const lo_arg* argument) {
    T value{};
    std::memcpy(&value, argument, sizeof value);
    return value;
}

OscValue value_of(char type, const lo_arg* argument) {
    switch (type) {
    case LO_INT32:
        return copied<std::int32_t>(argument);
    case LO_INT64:
        return copied<std::int64_t>(argument);
    case LO_FLOAT:
        return copied<float>(argument);
    case LO_DOUBLE:
        return copied<double>(argument);
    case LO_STRING:
    case LO_SYMBOL:
        return std::string{reinterpret_cast<const char*>(argument)};
    case LO_TRUE:
        return true;
    case LO_FALSE:
        return false;
    default:
        return OscNil{};
    }
}

struct FreeAddress {
    void operator()(void* address) const { lo_address_free(static_cast<lo_address>(address)); }
};

}  // namespace

bool OscReceived::is_reply_to(const std::string& command) const { return address == at::reply && text(0) == command; }

bool OscReceived::is_error_of(const std::string& command) const { return address == at::error && text(0) == command; }

double OscReceived::number(std::size_t i) const {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    if (i >= arguments.size()) {
        return none;
    }
    return std::visit(Overloaded{[](const std::string&) { return none; }, [](OscNil) { return none; },
                                 [](auto v) { return static_cast<double>(v); }},
                      arguments[i]);
}

std::string OscReceived::text(std::size_t i) const {
    const auto* text = i < arguments.size() ? std::get_if<std::string>(&arguments[i]) : nullptr;
    return text == nullptr ? std::string{} : *text;
}

double OscReceived::named(const std::string& key) const {
    for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
        if (text(i) == key) {
            return number(i + 1);
        }
    }
    return std::numeric_limits<double>::quiet_NaN();
}

std::string OscReceived::shown() const {
    std::ostringstream line;
    line << address;
    for (const auto& argument : arguments) {
        line << ' ';
        std::visit(Overloaded{[&](const std::string& v) { line << '"' << v << '"'; }, [&](OscNil) { line << "nil"; },
                              [&](bool v) { line << (v ? 'T' : 'F'); }, [&](auto v) { line << v; }},
                   argument);
    }
    return line.str();
}

OscClient::OscClient() : server_{lo_server_thread_new(nullptr, nullptr)} {
    if (server_ == nullptr) {
        throw std::runtime_error{"no free UDP port for an OSC client"};
    }
    lo_server_thread_add_method(server_, nullptr, nullptr, take, this);
    lo_server_thread_start(server_);
}

OscClient::~OscClient() { lo_server_thread_free(server_); }

int OscClient::take(const char* path, const char* types, lo_arg** arguments, int count, lo_message /*message*/,
                    void* self) {
    OscReceived message{path, {}};
    for (int i = 0; i < count; ++i) {
        message.arguments.push_back(value_of(types[i], arguments[i]));
    }
    auto& client = *static_cast<OscClient*>(self);
    const std::lock_guard lock{client.mutex_};
    client.received_.push_back(std::move(message));
    return 0;
}

std::string OscClient::url() const {
    return "osc.udp://127.0.0.1:" + std::to_string(lo_server_thread_get_port(server_)) + "/";
}

void OscClient::send(const std::string& url, const std::string& address, const std::vector<OscValue>& arguments) {
    const std::unique_ptr<void, FreeAddress> to{lo_address_new_from_url(url.c_str())};
    if (!to) {
        throw std::runtime_error{"no OSC URL: " + url};
    }
    lo_message message = lo_message_new();
    for (const auto& argument : arguments) {
        add(message, argument);
    }
    lo_send_message_from(static_cast<lo_address>(to.get()), lo_server_thread_get_server(server_), address.c_str(),
                         message);
    lo_message_free(message);
}

void OscClient::send_packet(const std::string& url, const std::vector<char>& packet) {
    const std::unique_ptr<void, FreeAddress> to{lo_address_new_from_url(url.c_str())};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port =
        htons(static_cast<std::uint16_t>(std::stoi(lo_address_get_port(static_cast<lo_address>(to.get())))));
    inet_pton(AF_INET, lo_address_get_hostname(static_cast<lo_address>(to.get())), &address.sin_addr);
    const int socket_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sendto(socket_fd, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    close(socket_fd);
}

std::optional<OscReceived> OscClient::request(const std::string& url, const std::string& address,
                                              const std::vector<OscValue>& arguments, Deadline deadline) {
    const auto mark = count();
    send(url, address, arguments);
    return wait_for(
        [&](const OscReceived& message) {
            return message.address == address || message.is_reply_to(address) || message.is_error_of(address);
        },
        mark, deadline);
}

std::vector<OscReceived> OscClient::received() const {
    const std::lock_guard lock{mutex_};
    return received_;
}

std::vector<OscReceived> OscClient::received(const std::string& address) const {
    auto all = received();
    std::erase_if(all, [&](const OscReceived& message) { return message.address != address; });
    return all;
}

std::size_t OscClient::count() const {
    const std::lock_guard lock{mutex_};
    return received_.size();
}

void OscClient::forget() {
    const std::lock_guard lock{mutex_};
    received_.clear();
}

std::optional<OscReceived> OscClient::wait_for(const std::function<bool(const OscReceived&)>& fits, std::size_t from,
                                               Deadline deadline) {
    std::optional<OscReceived> found;
    const bool came = eventually(
        [&] {
            const std::lock_guard lock{mutex_};
            for (; from < received_.size() && !found; ++from) {
                if (fits(received_[from])) {
                    found = received_[from];
                }
            }
            return found.has_value();
        },
        deadline);
    return came ? found : std::nullopt;
}

std::optional<OscReceived> OscClient::wait_for(const std::string& address, std::size_t from, Deadline deadline) {
    return wait_for([&](const OscReceived& message) { return message.address == address; }, from, deadline);
}

}  // namespace crowdjack::test
