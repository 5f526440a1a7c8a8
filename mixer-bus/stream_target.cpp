// SPDX-License-Identifier: GPL-3.0-or-later
#include "mixer-bus/stream_target.hpp"

#include "common/error.hpp"
#include "mixer-bus/http.hpp"

#include <strings.h>

#include <array>
#include <charconv>
#include <utility>

namespace crowdjack {

namespace {

constexpr std::string_view scheme = "icecast://";
constexpr std::array<std::pair<std::string_view, StreamFormat>, 3> formats{
    {{"vorbis", StreamFormat::vorbis}, {"opus", StreamFormat::opus}, {"mp3", StreamFormat::mp3}}};

[[noreturn]] void refuse(const char* why) {
    throw Failure{std::string{"bad stream address: "} + why + "; it is icecast://source:PASSWORD@HOST:PORT/MOUNT"};
}

std::string unescaped(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3) {
            result += static_cast<char>(value);
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

/// A header line of the request must stay one line.
bool has_control(std::string_view text) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            return true;
        }
    }
    return false;
}

/// user:password, and host:port/mount.
std::pair<std::string_view, std::string_view> split_at_login(std::string_view url) {
    if (url.find('@') == std::string_view::npos) {
        refuse("user or password is missing");
    }
    for (auto at = url.rfind('@'); at != std::string_view::npos && at > 0; at = url.rfind('@', at - 1)) {
        const std::string_view place = url.substr(at + 1);
        const auto slash = place.find('/');
        if (slash != std::string_view::npos && slash > 0 && slash + 1 < place.size()) {
            return {url.substr(0, at), place};
        }
    }
    refuse("host or mount is missing");
}

/// HOST, HOST:PORT, [IPV6] or [IPV6]:PORT.
void read_host(std::string_view text, StreamTarget& target) {
    std::string_view port;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos || (end + 1 < text.size() && text[end + 1] != ':')) {
            refuse("an IPv6 host is [ADDRESS] or [ADDRESS]:PORT");
        }
        target.host = text.substr(1, end - 1);
        if (end + 1 == text.size()) {
            return;
        }
        port = text.substr(end + 2);
    } else {
        const auto colon = text.find(':');
        target.host = text.substr(0, colon);
        if (colon == std::string_view::npos) {
            return;
        }
        port = text.substr(colon + 1);
        if (port.find(':') != std::string_view::npos) {
            refuse("an IPv6 host stands in brackets");
        }
    }
    const char* const last = port.data() + port.size();
    const auto [end, error] = std::from_chars(port.data(), last, target.port);
    if (error != std::errc{} || end != last || target.port == 0) {
        refuse("the port is no number from 1 to 65535");
    }
}

}  // namespace

StreamFormat parse_stream_format(std::string_view text) {
    for (const auto& [name, format] : formats) {
        if (text.size() == name.size() && strncasecmp(text.data(), name.data(), name.size()) == 0) {
            return format;
        }
    }
    // Not repeated: what stands in the wrong place may be an address with its password.
    throw Failure{"a stream is vorbis, opus or mp3, nothing else"};
}

const char* name_of(StreamFormat format) noexcept { return formats[static_cast<std::size_t>(format)].first.data(); }

StreamTarget StreamTarget::parse(std::string_view url) {
    if (url.size() < scheme.size() || strncasecmp(url.data(), scheme.data(), scheme.size()) != 0) {
        refuse("it does not begin with icecast://");
    }
    url.remove_prefix(scheme.size());
    const auto [login, place] = split_at_login(url);
    const auto colon = login.find(':');
    if (colon == std::string_view::npos) {
        refuse("user or password is missing");
    }
    StreamTarget target;
    target.user = unescaped(login.substr(0, colon));
    target.password = unescaped(login.substr(colon + 1));
    const auto slash = place.find('/');
    target.mount = place.substr(slash);
    read_host(place.substr(0, slash), target);
    if (target.host.empty() || target.user.empty() || target.password.empty()) {
        refuse("user, password or host is empty");
    }
    if (has_control(target.user) || has_control(target.password) || has_control(target.mount) ||
        has_control(target.host) || target.mount.find_first_of(" \"") != std::string::npos) {
        refuse("it holds characters that no such address has");
    }
    if (target.user.find(':') != std::string::npos) {
        refuse("a user's name can't hold a colon");
    }
    return target;
}

std::string StreamTarget::shown() const { return std::string{scheme} + host_and_port(host, port) + mount; }

std::string StreamTarget::url() const {
    return std::string{scheme} + url_escaped(user) + ":" + url_escaped(password) + "@" + host_and_port(host, port) +
           mount;
}

}  // namespace crowdjack
