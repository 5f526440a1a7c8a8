// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/http.hpp"

#include <strings.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace crowdjack {

namespace {

constexpr std::chrono::seconds get_patience{5};
constexpr std::size_t largest_answer = 64 * 1024;
constexpr std::size_t longest_shown = 80;

/// What a server says goes into logs and answers: printable, and not much of it.
std::string printable(std::string_view text) {
    std::string result;
    for (const char c : text.substr(0, longest_shown)) {
        const auto byte = static_cast<unsigned char>(c);
        result += byte >= 0x20 && byte < 0x7F ? c : '?';
    }
    return result;
}

std::string_view line_of(std::string_view& text) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

std::size_t head_size(std::string_view text) {
    const auto strict = text.find("\r\n\r\n");
    const auto lax = text.find("\n\n");
    const std::size_t none = std::string_view::npos;
    return std::min(strict == none ? none : strict + 4, lax == none ? none : lax + 2);
}

}  // namespace

std::optional<HttpHead> parse_http_head(std::string_view text) {
    const bool may_be_http =
        text.substr(0, 5) == std::string_view{"HTTP/"}.substr(0, std::min<std::size_t>(5, text.size()));
    HttpHead head;
    if (!may_be_http) {
        return head;
    }
    head.bytes = head_size(text);
    if (head.bytes == std::string_view::npos) {
        return {};
    }
    text = text.substr(0, head.bytes);
    const std::string_view status = line_of(text);
    const auto blank = status.find(' ');
    if (blank != std::string_view::npos) {
        const char* const end = status.data() + status.size();
        const auto [after, error] = std::from_chars(status.data() + blank + 1, end, head.status);
        head.status = error == std::errc{} ? head.status : 0;
        head.reason = printable({after, static_cast<std::size_t>(end - after)});
        head.reason.erase(0, head.reason.find_first_not_of(' '));
    }
    while (!text.empty()) {
        const std::string_view line = line_of(text);
        constexpr std::string_view location = "location:";
        if (line.size() > location.size() && strncasecmp(line.data(), location.data(), location.size()) == 0) {
            const std::string_view value = line.substr(location.size());
            head.location = printable(value.substr(std::min(value.size(), value.find_first_not_of(" \t"))));
        }
    }
    return head;
}

std::string basic_authorization(std::string_view user, std::string_view password) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::string text = std::string{user} + ":" + std::string{password};
    std::string result = "Basic ";
    for (std::size_t i = 0; i < text.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            bits = bits << 8U | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            result += i + k <= text.size() ? digits[bits >> (18U - 6U * k) & 63U] : '=';
        }
    }
    return result;
}

std::string url_escaped(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
            result += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            result += {'%', digits[byte >> 4U], digits[byte & 15U]};
        }
    }
    return result;
}

std::string host_and_port(const std::string& host, std::uint16_t port) {
    const bool ipv6 = host.find(':') != std::string::npos;
    return (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

HttpGet::HttpGet(const std::string& host, std::uint16_t port, const std::string& path, const std::string& authorization)
    : connection_{host, port}, until_{std::chrono::steady_clock::now() + get_patience} {
    std::string request = "GET " + path + " HTTP/1.0\r\nHost: " + host_and_port(host, port) +
                          "\r\nUser-Agent: crowdjack/" CROWDJACK_VERSION "\r\n";
    if (!authorization.empty()) {
        request += "Authorization: " + authorization + "\r\n";
    }
    connection_.send(request + "\r\n");
}

HttpGet::State HttpGet::proceed() {
    if (state_ != State::running) {
        return state_;
    }
    const auto state = connection_.proceed();
    if (state == TcpConnection::State::broken || std::chrono::steady_clock::now() > until_) {
        return state_ = State::failed;
    }
    if (state == TcpConnection::State::open && !connection_.receive(received_, largest_answer)) {
        const auto head = parse_http_head(received_);
        status_ = head ? head->status : 0;
        body_at_ = head ? std::min(head->bytes, received_.size()) : received_.size();
        return state_ = status_ == 200 ? State::done : State::failed;
    }
    return received_.size() < largest_answer ? state_ : state_ = State::failed;
}

std::string_view HttpGet::body() const noexcept { return std::string_view{received_}.substr(body_at_); }

}  // namespace crowdjack
